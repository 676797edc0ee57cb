package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The same with the shim of Debian's containerd, which knows nothing of this engine. */
class ForeignShimRecoveryIT extends RecoveryIT {
  @Override
  TestEngine started() throws IOException {
    TestEngine engine = TestEngine.prepare();
    Files.writeString(
        engine.etc().resolve("org.felucca.runtime-foreign.cfg"),
        "name = foreign\nbinary = runc\nshim = containerd-shim-runc-v2\n");
    Path settings = engine.etc().resolve("org.felucca.engine.cfg");
    Files.writeString(
        settings,
        Files.readString(settings).replace("default_runtime =\n", "default_runtime = foreign\n"));
    engine.startWithBusybox();
    assertEquals(
        "foreign",
        engine
            .felucca("info", "--format", "json")
            .json()
            .getFirst()
            .requiredString("default_runtime"));
    return engine;
  }
}
