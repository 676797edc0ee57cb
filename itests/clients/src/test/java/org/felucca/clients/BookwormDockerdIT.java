package org.felucca.clients;

/**
 * The same under docker 20.10 and containerd 1.6. This docker can be told of runtimes but not of a
 * shim, so Felucca's is found under the name of the only one that it asks for.
 */
class BookwormDockerdIT extends StockDockerdIT {
  @Override
  StockDockerd started() {
    return StockDockerd.start(OtherDebian.BOOKWORM, "{}");
  }
}
