package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedSeccompTest {
  private static final String ANNOTATION = "run.oci.seccomp_bpf_data";
  private static final byte[] FILTER = "8 bytes!".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SPEC = spec("\"seccomp\":{\"defaultAction\":\"A\"}", "");

  private final PreparedSeccomp prepared = new PreparedSeccomp();
  private @TempDir Path root;

  private static byte[] spec(String seccomp, String more) {
    return ("{\"ociVersion\":\"1.0.2\"," + more + "\"linux\":{" + seccomp + "}}")
        .getBytes(StandardCharsets.UTF_8);
  }

  private RuntimeLookup.Choice runtime(String version) {
    return new RuntimeLookup.Choice(
        "some",
        new RuntimeInfo(Path.of("/usr/bin/some"), version, "1.0.2", ""),
        Path.of("/shim"),
        new RuntimeOptions("/usr/bin/some", root.toString(), false, false, false));
  }

  private PreparedSeccomp.Fitted fit(String id, byte[] spec) {
    return fit(id, spec, "crun version 1.8.1", null);
  }

  private PreparedSeccomp.Fitted fit(
      String id, byte[] spec, String version, @Nullable TypedBytes options) {
    return prepared.fit(
        new TaskKey(Namespace.DEFAULT, new ContainerId(id)), runtime(version), spec, options);
  }

  private static String annotation(PreparedSeccomp.Fitted fitted) {
    return RuntimeSpec.parse(fitted.spec()).annotations().getOrDefault(ANNOTATION, "");
  }

  @BeforeEach
  void learn() throws Exception {
    Path state = Files.createDirectories(root.resolve("default/first"));
    Files.write(state.resolve("seccomp.bpf"), FILTER);
    PreparedSeccomp.Fitted first = fit("first", SPEC);
    assertArrayEquals(SPEC, first.spec());
    first.made();
  }

  @Test
  void fit_sameProfile_hasTheFilterOfTheFirst() {
    PreparedSeccomp.Fitted second = fit("second", SPEC);
    assertEquals("OCBieXRlcyE=", annotation(second));
    assertEquals("1.0.2", RuntimeSpec.parse(second.spec()).ociVersion());
  }

  @Test
  void fit_otherAnnotations_stay() {
    byte[] spec =
        spec("\"seccomp\":{\"defaultAction\":\"A\"}", "\"annotations\":{\"mine\":\"too\"},");
    PreparedSeccomp.Fitted second = fit("second", spec);
    assertEquals("OCBieXRlcyE=", annotation(second));
    assertEquals("too", RuntimeSpec.parse(second.spec()).annotations().get("mine"));
  }

  @Test
  void fit_otherProfile_hasNone() {
    assertEquals("", annotation(fit("second", spec("\"seccomp\":{\"defaultAction\":\"B\"}", ""))));
    assertEquals("", annotation(fit("second", spec("\"x\":{\"seccomp\":{}}", ""))));
  }

  @Test
  void fit_otherRuntimeOrOwnOptionsOrAnnotations_hasNone() {
    assertEquals("", annotation(fit("second", SPEC, "crun version 1.9", null)));
    assertArrayEquals(SPEC, fit("second", SPEC, "runc version 1.1.5", null).spec());
    TypedBytes options = new TypedBytes("containerd.runc.v1.Options", new byte[0]);
    assertArrayEquals(SPEC, fit("second", SPEC, "crun version 1.8.1", options).spec());
    byte[] own =
        spec(
            "\"seccomp\":{\"defaultAction\":\"A\"}",
            "\"annotations\":{\"run.oci.seccomp.plugins\":\"x\"},");
    assertArrayEquals(own, fit("second", own).spec());
  }

  @Test
  void made_fileThatIsNoFilter_isNotLearned() throws Exception {
    byte[] other = spec("\"seccomp\":{\"defaultAction\":\"C\"}", "");
    Path state = Files.createDirectories(root.resolve("default/odd"));
    Files.write(state.resolve("seccomp.bpf"), new byte[7]);
    fit("odd", other).made();
    assertEquals("", annotation(fit("second", other)));
    Files.write(state.resolve("seccomp.bpf"), new byte[0]);
    fit("odd", other).made();
    assertFalse(new String(fit("second", other).spec(), StandardCharsets.UTF_8).contains("run."));
  }
}
