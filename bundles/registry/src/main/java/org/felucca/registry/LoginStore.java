package org.felucca.registry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.registry.Credential;
import org.felucca.api.registry.Credentials;
import org.jspecify.annotations.Nullable;

/** The logins that the engine keeps, and those of docker behind them. */
final class LoginStore implements Credentials {
  private static final Duration HELPER = Duration.ofSeconds(20);

  private final Path own;
  private final Path docker;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * @param own the file that is written
   * @param docker the file that is only read
   */
  LoginStore(Path own, Path docker) {
    this.own = own;
    this.docker = docker;
  }

  @Override
  public @Nullable Credential find(String registry) {
    Credential found = DockerConfig.read(own, HELPER).find(registry);
    return found == null ? DockerConfig.read(docker, HELPER).find(registry) : found;
  }

  void put(String registry, Credential credential) {
    lock.lock();
    try {
      DockerConfig config = DockerConfig.read(own, HELPER);
      config.put(registry, credential);
      write(config);
    } finally {
      lock.unlock();
    }
  }

  void remove(String registry) {
    lock.lock();
    try {
      DockerConfig config = DockerConfig.read(own, HELPER);
      if (!config.remove(registry)) {
        boolean dockers = DockerConfig.read(docker, HELPER).find(registry) != null;
        throw EngineException.notFound(
            "there is no login of %s%s"
                .formatted(
                    registry,
                    dockers
                        ? "; the one that is used is docker's: docker logout " + registry
                        : ""));
      }
      write(config);
    } finally {
      lock.unlock();
    }
  }

  List<String> registries() {
    return DockerConfig.read(own, HELPER).registries();
  }

  private void write(DockerConfig config) {
    Path part = own.resolveSibling(own.getFileName() + ".part");
    try {
      Files.createDirectories(
          own.toAbsolutePath().getParent(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.deleteIfExists(part);
      try (FileChannel channel =
          FileChannel.open(
              part,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(config.bytes());
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(part, own, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel folder = FileChannel.open(own.toAbsolutePath().getParent())) {
        folder.force(true);
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.INTERNAL, "keep the login in " + own + ": " + e.getMessage(), e);
    }
  }
}
