package org.felucca.clients;

/** The same under containerd 2.1. */
class SidContainerdIT extends StockContainerdIT {
  @Override
  StockContainerd started() {
    return StockContainerd.start(OtherDebian.SID);
  }
}
