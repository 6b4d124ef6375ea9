/** JSON text straight into bytes: the answer of a model is mostly numbers, and no string is made of them. */

/** Digits of a float32 never need more; beyond these magnitudes an exponent is shorter. */
const SMALLEST_PLAIN = 1e-5;
const LARGEST_PLAIN = 1e9;
const POWERS = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`));
/** 10^-5 to 10^9, so that a magnitude finds its exponent: entry n is 10^(n-5). */
const DECADES = Float64Array.from({ length: 16 }, (_, index) => Number(`1e${index - 5}`));

export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  /** Forgets what was written and not taken. */
  reset(): void {
    this.#length = 0;
  }

  /** A copy of the text so far; the writer starts again. */
  take(): Uint8Array {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  /** ASCII. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  /** Any text, as it is. */
  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  byte(code: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = code;
    this.#length += 1;
  }

  /** The fewest digits that read back as the same float32; what JSON has no number for as a string. */
  float32(value: number): void {
    const size = Math.abs(value);
    if (size < 1e7 && Number.isInteger(size)) {
      if (value < 0 || Object.is(value, -0)) this.byte(45);
      this.#reserve(10);
      this.#integer(size);
    } else if (size >= SMALLEST_PLAIN && size < LARGEST_PLAIN) {
      if (value < 0) this.byte(45);
      this.#decimal(size);
    } else if (Number.isFinite(value)) this.ascii(shortest(value));
    else this.ascii(`"${value}"`);
  }

  /** Between the two magnitudes above. */
  #decimal(size: number): void {
    let exponent = -5;
    while ((DECADES[exponent + 6] as number) <= size) exponent += 1;
    for (let digits = 7; ; digits += 1) {
      const shift = digits - 1 - exponent;
      const scale = POWERS[shift < 0 ? -shift : shift] as number;
      // Below 10^9, so the digits are 32-bit integers from here on.
      const scaled = ((shift < 0 ? size / scale : size * scale) + 0.5) | 0;
      const back = shift < 0 ? scaled * scale : scaled / scale;
      // Nine digits always do.
      if (digits === 9 || Math.fround(back) === size) {
        this.#fixed(scaled, shift);
        return;
      }
    }
  }

  /** `scaled` × 10^-shift, without trailing zeros. */
  #fixed(scaled: number, shift: number): void {
    let whole = scaled | 0;
    let places = shift;
    while (places > 0 && whole % 10 === 0) {
      whole = (whole / 10) | 0;
      places -= 1;
    }
    this.#reserve(24);
    if (places <= 0) {
      this.#integer(whole * (POWERS[-places] as number));
      return;
    }
    const unit = POWERS[places] as number;
    const before = (whole / unit) | 0;
    this.#integer(before);
    this.#bytes[this.#length] = 46;
    this.#length += 1;
    this.#digits(places > 9 ? whole : whole - before * unit, places);
  }

  /** A whole number from 0 to 2^31 - 1; room for it is there. */
  #integer(value: number): void {
    let width = 1;
    while (width < 10 && (POWERS[width] as number) <= value) width += 1;
    this.#digits(value, width);
  }

  #digits(value: number, width: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#length + width - 1; at >= this.#length; at -= 1) {
      const next = (rest / 10) | 0;
      bytes[at] = 48 + rest - next * 10;
      rest = next;
    }
    this.#length += width;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function shortest(value: number): string {
  for (let digits = 7; digits < 9; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
