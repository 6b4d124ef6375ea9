/** createOptions as edgeAgent reads them. @source Azure/iotedge: edge-util/src/…/JsonEx.cs (ChunkedProperty) */

export function joinCreateOptions(settings: Readonly<Record<string, unknown>>): unknown {
  const pieces = Object.keys(settings)
    .filter((key) => /^createOptions\d*$/iu.test(key))
    .toSorted();
  for (const [number, key] of pieces.entries()) {
    const suffix = key.slice("createOptions".length);
    if (number === 0 ? suffix !== "" : Number(suffix) !== number)
      throw new Error(`piece ${number} is called ${key}`);
  }
  return JSON.parse(pieces.map((key) => String(settings[key])).join(""));
}
