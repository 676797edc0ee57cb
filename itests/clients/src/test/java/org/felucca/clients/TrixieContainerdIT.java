package org.felucca.clients;

/** The same under containerd 1.7. */
class TrixieContainerdIT extends StockContainerdIT {
  @Override
  StockContainerd started() {
    return StockContainerd.start(OtherDebian.TRIXIE);
  }
}
