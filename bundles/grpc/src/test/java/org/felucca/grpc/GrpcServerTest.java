package org.felucca.grpc;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;

/** The server as its configuration changes. */
@Timeout(120)
class GrpcServerTest {
  private static final int NO_SOCKET = -1;

  @TempDir Path folder;

  private record Configured(String listen) implements Settings {
    @Override
    public String socket_group() {
      return "";
    }

    @Override
    public String tls_certificate() {
      return "tls/server.pem";
    }

    @Override
    public String tls_key() {
      return "tls/server.key";
    }

    @Override
    public String tls_authority() {
      return "tls/ca.pem";
    }

    @Override
    public long replacement_wait_milliseconds() {
      return 100;
    }

    @Override
    public boolean reflection() {
      return true;
    }

    @Override
    public Class<? extends Annotation> annotationType() {
      return Settings.class;
    }
  }

  /** Counts down when a server could not listen on TCP. */
  private static final class Failed extends Handler {
    private final CountDownLatch seen = new CountDownLatch(1);

    @Override
    public void publish(LogRecord said) {
      if (said.getMessage().startsWith("cannot serve grpc over tls")) {
        seen.countDown();
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void configure_sameSettingsAfterAFailure_areTriedAgain() throws Exception {
    Framework framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    folder.resolve("cache").toString(),
                    "felucca.address",
                    folder.resolve("sock").toString(),
                    "felucca.config",
                    folder.resolve("etc").toString()));
    framework.start();
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Settings settings = new Configured("127.0.0.1:" + port);
    Logger logger = Logger.getLogger(GrpcServer.class.getName());
    Failed failed = new Failed();
    logger.addHandler(failed);
    GrpcServer server =
        new GrpcServer(framework.getBundleContext(), NO_SOCKET, new Gate(), settings);
    try {
      assertTrue(failed.seen.await(60, TimeUnit.SECONDS), "there are no certificates yet");
      assertThrows(IOException.class, () -> connect(port));
      new KeytoolAuthority(folder.resolve("etc/tls")).init(List.of());
      server.configure(settings);
      awaitConnection(port);
    } finally {
      logger.removeHandler(failed);
      server.stop();
      framework.stop();
      framework.waitForStop(30_000);
    }
  }

  private static void connect(int port) throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), port).close();
  }

  /** Settings are followed in the background. */
  private static void awaitConnection(int port) throws Exception {
    while (true) {
      try {
        connect(port);
        return;
      } catch (IOException e) {
        Thread.sleep(50); // until the test's time is over
      }
    }
  }
}
