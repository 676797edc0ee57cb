package org.felucca.clients;

/** The same under docker 26.1 and containerd 1.7. */
class TrixieDockerdIT extends StockDockerdIT {
  @Override
  StockDockerd started() {
    return StockDockerd.start(
        OtherDebian.TRIXIE,
        """
        { "default-runtime": "felucca",
          "runtimes": { "felucca": { "runtimeType": "io.containerd.felucca.v2" } } }
        """);
  }
}
