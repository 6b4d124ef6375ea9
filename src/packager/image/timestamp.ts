/** Which moment is that many seconds after the epoch? Written as images write it. */

const DAY_SECONDS = 86_400;

/** RFC 3339 in UTC, whole seconds. @source Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" */
export function timestamp(epochSeconds: number): string {
  const days = Math.floor(epochSeconds / DAY_SECONDS);
  const rest = epochSeconds - days * DAY_SECONDS;
  // Years begin in March here, so that the leap day comes last.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = [digits(year, 4), digits(month, 2), digits(day, 2)].join("-");
  const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  return `${date}T${time.map((part) => digits(part, 2)).join(":")}Z`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
