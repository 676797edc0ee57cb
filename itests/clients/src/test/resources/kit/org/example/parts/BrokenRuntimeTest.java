package org.example.parts;

import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.shim.ShimService;
import org.felucca.contracts.RuntimeContract;
import org.felucca.shim.ShimSettings;
import org.felucca.shim.Shims;

public class BrokenRuntimeTest extends RuntimeContract {
  @Override
  protected Runtime runtime(Path state) {
    return new RelativeRuntime(
        state.resolve("runc"),
        Path.of(System.getProperty("binary")),
        Path.of(System.getProperty("shim")),
        true);
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
