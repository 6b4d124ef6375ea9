/** Which errors are the disk's, so that a job stops by them and goes on later? */

/** There is no room, or no file may grow: what is written next fails as well, until somebody makes some. */
export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}

/** Of a disk that took something before. */
export function isDiskFault(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return isFull(error) || code === "EIO" || code === "EROFS";
}
