package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The same under docker 20.10 and containerd 1.6. This docker can be told of runtimes but not of a
 * shim, so Felucca's is found under the name of the only one that it asks for.
 */
class BookwormDockerdIT extends StockDockerdIT {
  @Override
  StockDockerd started() {
    // It has a key, which would otherwise stay below /etc.
    StockDockerd dockerd =
        StockDockerd.start(
            OtherDebian.BOOKWORM, "{ \"deprecated-key-path\": \"FOLDER/key.json\" }");
    try {
      // Looked up for each container.
      Files.createSymbolicLink(
          dockerd.containerd().base().resolve("bin/containerd-shim-runc-v2"),
          Path.of("containerd-shim-felucca-v2"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return dockerd;
  }
}
