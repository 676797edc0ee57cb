package org.felucca.runtime.oci;

class CrunTest extends RealRuntime {
  CrunTest() {
    super("crun");
  }
}
