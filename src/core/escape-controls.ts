/** What a terminal would obey, in names and paths that somebody else chose, is written out. */

/** @param kept characters that stay as they are */
export function escapeControls(text: string, kept = ""): string {
  return text.replaceAll(/\p{Cc}/gu, (character) =>
    kept.includes(character)
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
