package org.example.parts;

import java.nio.file.Path;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeOptions;

/** runc, as somebody else would publish it; a broken one does not say where its binary is. */
public class RelativeRuntime implements Runtime {
  private final Path state;
  private final Path binary;
  private final Path shim;
  private final boolean broken;

  public RelativeRuntime(Path state, Path binary, Path shim, boolean broken) {
    this.state = state;
    this.binary = binary;
    this.shim = shim;
    this.broken = broken;
  }

  @Override
  public RuntimeInfo info() {
    return new RuntimeInfo(
        broken ? binary.getFileName() : binary, "runc version 1.1", "1.0.2", "");
  }

  @Override
  public Path shim() {
    return shim;
  }

  @Override
  public RuntimeOptions options() {
    return new RuntimeOptions(binary.toString(), state.toString(), false, false, false);
  }
}
