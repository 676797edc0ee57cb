package org.felucca.runtime.oci;

class RuncTest extends RealRuntime {
  RuncTest() {
    super("runc");
  }
}
