/**
 * Where an image lets Python keep its bytecode: the first process of a container compiles what it
 * imports, the others find it. It is as old as the container, so it never outlives its sources.
 */
export const BYTECODE_FOLDER = "/var/cache/edgewright/bytecode";
