package org.felucca.clients;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Felucca, asked by ctr and dockerd as if it were containerd. */
final class FeluccaContainerd extends Containerd {
  private final TestEngine engine;

  private FeluccaContainerd(TestEngine engine, @Nullable OtherDebian generation) {
    super(engine.base(), generation);
    this.engine = engine;
  }

  /** A running engine; its clients are the machine's own, or those of another Debian. */
  static FeluccaContainerd start(@Nullable OtherDebian generation) {
    FeluccaContainerd daemon = new FeluccaContainerd(TestEngine.prepare(), generation);
    daemon.startDaemon();
    return daemon;
  }

  TestEngine engine() {
    return engine;
  }

  @Override
  Path socket() {
    return engine.state().resolve("felucca.sock");
  }

  @Override
  String namespace() {
    return engine.namespace();
  }

  @Override
  String runtime() {
    return "io.containerd.runc.v2";
  }

  @Override
  void startDaemon() {
    engine.startEngine();
  }

  @Override
  void kill() {
    engine.kill();
  }

  @Override
  public void close() {
    try {
      removeContainers();
    } finally {
      engine.close();
    }
  }
}
