package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.api.shim.ShimLaunch;
import org.felucca.shim.wire.runc.Options;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LauncherOptionsTest {
  private static final String TYPE = "containerd.runc.v1.Options";
  private static final RuntimeOptions CONFIGURED =
      new RuntimeOptions("/usr/bin/crun", "/run/felucca/crun", true, false, false);

  private static ShimLaunch launch(
      @Nullable RuntimeOptions options, @Nullable TypedBytes clientOptions) {
    return new ShimLaunch(
        new Namespace("n"),
        new ContainerId("c"),
        "r",
        Path.of("/shim"),
        options,
        clientOptions,
        new byte[0],
        Duration.ofSeconds(1));
  }

  private static Options parsed(ShimLaunch launch) throws Exception {
    TypedBytes options = Launcher.options(launch);
    if (options == null) {
      throw new AssertionError("no options");
    }
    assertEquals(TYPE, options.typeUrl());
    return Options.parseFrom(options.value());
  }

  @Test
  void options_ofNoClient_areTheConfigured() throws Exception {
    Options options = parsed(launch(CONFIGURED, null));
    assertEquals("/usr/bin/crun", options.getBinaryName());
    assertEquals("/run/felucca/crun", options.getRoot());
    assertEquals(true, options.getSystemdCgroup());
    assertEquals(options, parsed(launch(CONFIGURED, new TypedBytes("", new byte[0]))));
  }

  @Test
  void options_ofAClientThatNamesNoBinary_areCompleted() throws Exception {
    byte[] given = Options.newBuilder().setNoPivotRoot(true).build().toByteArray();
    Options options = parsed(launch(CONFIGURED, new TypedBytes(TYPE, given)));
    assertEquals("/usr/bin/crun", options.getBinaryName());
    assertEquals("/run/felucca/crun", options.getRoot());
    assertEquals(true, options.getNoPivotRoot());
    assertEquals(false, options.getSystemdCgroup());
  }

  @Test
  void options_ofAClientThatNamesBoth_areItsOwn() throws Exception {
    Options given =
        Options.newBuilder().setBinaryName("runc").setRoot("/var/run/docker/runtime-runc").build();
    assertEquals(given, parsed(launch(CONFIGURED, new TypedBytes(TYPE, given.toByteArray()))));
  }

  @Test
  void options_ofAnotherType_arePassedOn() {
    TypedBytes given = new TypedBytes("runtimeoptions.v1.Options", new byte[] {1, 2, 3});
    TypedBytes passed = Launcher.options(launch(CONFIGURED, given));
    if (passed == null) {
      throw new AssertionError("no options");
    }
    assertEquals(given.typeUrl(), passed.typeUrl());
    assertArrayEquals(given.value(), passed.value());
  }

  @Test
  void options_ofAForeignShim_areNoneOrTheClients() {
    assertNull(Launcher.options(launch(null, null)));
    TypedBytes given = new TypedBytes(TYPE, Options.getDefaultInstance().toByteArray());
    assertEquals(given, Launcher.options(launch(null, given)));
  }

  @Test
  void options_thatDoNotParse_areRefused() {
    TypedBytes given = new TypedBytes(TYPE, new byte[] {(byte) 0xff});
    EngineException refused =
        assertThrows(EngineException.class, () -> Launcher.options(launch(CONFIGURED, given)));
    assertEquals(ErrorKind.INVALID_ARGUMENT, refused.kind());
  }
}
