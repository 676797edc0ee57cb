package org.felucca.runtime.oci;

import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.shim.ShimService;
import org.felucca.contracts.RuntimeContract;
import org.felucca.shim.ShimSettings;
import org.felucca.shim.Shims;

/**
 * The contract with a runtime of this machine, as its bundle configures it. Another shim than the
 * machine's is tried by {@code -Dfelucca.test.shim=PATH}.
 */
abstract class RealRuntime extends RuntimeContract {
  private final String name;

  RealRuntime(String name) {
    this.name = name;
  }

  @Override
  protected Runtime runtime(Path state) {
    return new OciRuntime(
        new RuntimeSettings(
            name,
            "",
            name,
            System.getProperty("felucca.test.shim", "containerd-shim-runc-v2"),
            state.resolve(name),
            false,
            false,
            false,
            false,
            null,
            RuntimeFactory.folders(System.getenv("PATH"), null)));
  }

  @Override
  protected OpenShims open(Path root, Path state, String address, ServerSocketChannel events) {
    Shims shims = new Shims(ShimSettings.of(state, root, address, "/bin/false"), events);
    return new OpenShims() {
      @Override
      public ShimService service() {
        return shims;
      }

      @Override
      public void close() {
        shims.close();
      }
    };
  }
}
