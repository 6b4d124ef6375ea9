import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { neededBy } from "../../../../src/packager/base/debian/dependencies.ts";

const RECORDS = `Package: python3-scipy
Depends: python3 (<< 3.12), python3-numpy:any, python3-pythran, libblas3 | libblas.so.3

Package: python3
Pre-Depends: python3-minimal (= 3.11)
Depends: libpython3-stdlib

Package: python3-minimal

Package: libpython3-stdlib
Depends: libffi8, media-types, libnsl2

Package: libffi8

Package: media-types

Package: libnsl2
Depends: libtirpc3

Package: python3-numpy
Depends: python3-abi

Package: numpy-abi
Provides: python3-abi (= 9), other

Package: python3-pythran
Depends: g++

Package: g++

Package: libopenblas0
Provides: libblas.so.3, libblas3

Package: bystander
`;

void suite("neededBy", () => {
  void test("everything a package depends on, through provided names, without what is dropped", () => {
    assert.deepEqual([...neededBy(["python3-scipy"], RECORDS)].toSorted(), [
      "libffi8",
      "libopenblas0",
      "libpython3-stdlib",
      "numpy-abi",
      "python3",
      "python3-minimal",
      "python3-numpy",
      "python3-scipy",
    ]);
  });
});
