package org.felucca.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.apache.felix.framework.FrameworkFactory;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.certificate.Certificate;
import org.felucca.grpc.TestingServices.Speaker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;

/** Certificates as {@code felucca cert} makes them, and who comes in with them over TCP. */
@Timeout(180)
class TlsTest {
  private static final String NAME = "felucca.test.Speaker";
  private static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);

  private static @TempDir Path etc;
  private static KeytoolAuthority authority;
  private static Certificate ci;

  private @TempDir Path cache;
  private final List<AccessRule> rules = new CopyOnWriteArrayList<>();
  private final List<ManagedChannel> clients = new ArrayList<>();
  private Framework framework;
  private Mounts mounts;
  private Endpoints endpoints;
  private Server server;

  record Rule(String subject, String uid, String namespaces, String methods)
      implements AccessRule.Config {
    @Override
    public Class<? extends Annotation> annotationType() {
      return AccessRule.Config.class;
    }
  }

  @BeforeAll
  static void makeCertificates() {
    authority = new KeytoolAuthority(etc.resolve("tls"));
    EngineException e = assertThrows(EngineException.class, () -> authority.client("ci"));
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
    authority.init(List.of("engine.example.org"));
    ci = authority.client("ci");
  }

  @BeforeEach
  void start() throws Exception {
    framework =
        new FrameworkFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, cache.toString()));
    framework.start();
    framework
        .getBundleContext()
        .registerService(BindableService.class, new Speaker(NAME, "a"), null);
    Duration patience = Duration.ofSeconds(30);
    mounts = new Mounts(framework.getBundleContext(), () -> patience, patience, () -> true);
    endpoints = new Endpoints(mounts, new Gate(rules));
    Path tls = etc.resolve("tls");
    server =
        endpoints
            .tcp(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new TlsFiles(
                    tls.resolve("server.pem"), tls.resolve("server.key"), tls.resolve("ca.pem")))
            .start();
  }

  @AfterEach
  void stop() throws Exception {
    clients.forEach(ManagedChannel::shutdownNow);
    server.shutdownNow();
    mounts.close();
    server.awaitTermination(30, TimeUnit.SECONDS);
    endpoints.close(Duration.ofMillis(500));
    framework.stop();
    framework.waitForStop(30_000);
  }

  private ManagedChannel connect(@Nullable Certificate certificate) throws Exception {
    TlsChannelCredentials.Builder credentials =
        TlsChannelCredentials.newBuilder().trustManager(etc.resolve("tls/ca.pem").toFile());
    if (certificate != null) {
      credentials.keyManager(certificate.certificate().toFile(), certificate.key().toFile());
    }
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("localhost", server.getPort(), credentials.build()).build();
    clients.add(channel);
    return channel;
  }

  private static String say(ManagedChannel channel, String namespace) {
    Metadata headers = new Metadata();
    headers.put(NAMESPACE, namespace);
    return ClientCalls.blockingUnaryCall(
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
        TestingServices.say(NAME),
        CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
        "hello");
  }

  private static Status refused(ManagedChannel channel, String namespace) {
    return assertThrows(StatusRuntimeException.class, () -> say(channel, namespace)).getStatus();
  }

  @Test
  void call_clientWithRule_isServedInItsNamespacesOnly() throws Exception {
    rules.add(new AccessRule(new Rule("CN=ci", "", "test, ci", NAME + "/*")));
    ManagedChannel channel = connect(ci);
    assertEquals("a hello", say(channel, "ci"));
    assertEquals("a hello", say(channel, "test"));
    Status status = refused(channel, "other");
    assertEquals(Status.Code.PERMISSION_DENIED, status.getCode());
    assertTrue(status.getDescription().contains("CN=ci may not call"), status::toString);
    rules.clear();
    assertEquals(Status.Code.PERMISSION_DENIED, refused(channel, "ci").getCode(), "rules are live");
  }

  @Test
  void call_clientWithoutRule_mayDoNothing() throws Exception {
    rules.add(new AccessRule(new Rule("CN=other", "", "*", "*")));
    assertEquals(Status.Code.PERMISSION_DENIED, refused(connect(ci), "ci").getCode());
  }

  @Test
  void call_withoutCertificate_isRefusedByTheHandshake() throws Exception {
    rules.add(new AccessRule(new Rule("CN=ci", "", "*", "*")));
    assertEquals(Status.Code.UNAVAILABLE, refused(connect(null), "ci").getCode());
  }

  @Test
  void call_certificateOfAnotherAuthority_isRefused() throws Exception {
    KeytoolAuthority other = new KeytoolAuthority(etc.resolve("other"));
    if (!Files.exists(etc.resolve("other/ca.p12"))) {
      other.init(List.of());
    }
    rules.add(new AccessRule(new Rule("CN=ci", "", "*", "*")));
    assertEquals(Status.Code.UNAVAILABLE, refused(connect(other.client("ci")), "ci").getCode());
  }

  @Test
  void handshake_olderThanTls13_isRefused() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustingAll()}, null);
    try (SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), server.getPort())) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThrows(IOException.class, socket::startHandshake);
    }
  }

  @Test
  void refresh_newCertificate_isShownToTheNextConnectionAndBadOnesAreNot() throws Exception {
    X509Certificate first = shown();
    authority.server(List.of("renamed.example.org"));
    X509Certificate second = shown();
    assertFalse(first.getSerialNumber().equals(second.getSerialNumber()));
    assertTrue(second.getSubjectAlternativeNames().toString().contains("renamed.example.org"));
    Path file = etc.resolve("tls/server.pem");
    String good = Files.readString(file);
    Files.writeString(file, "no certificate");
    assertEquals(second.getSerialNumber(), shown().getSerialNumber());
    Files.writeString(file, good);
    assertEquals(second.getSerialNumber(), shown().getSerialNumber());
  }

  /** The certificate that the server shows to a new connection. */
  private X509Certificate shown() throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, new TrustManager[] {new TrustingAll()}, null);
    try (SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), server.getPort())) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  @Test
  void files_keys_areForRootOnly() throws Exception {
    for (String secret : List.of("ca.p12", "server.key", "clients/ci.key")) {
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(etc.resolve("tls").resolve(secret))),
          secret);
    }
    assertEquals("CN=ci", ci.subject());
    try (var files = Files.list(etc.resolve("tls"))) {
      assertEquals(
          List.of("ca.p12", "ca.pem", "clients", "server.key", "server.pem"),
          files.map(f -> f.getFileName().toString()).sorted().toList(),
          "nothing else is left behind");
    }
  }

  @Test
  void init_again_isRefusedAndBadNamesAre() {
    assertEquals(
        ErrorKind.ALREADY_EXISTS,
        assertThrows(EngineException.class, () -> authority.init(List.of())).kind());
    for (String bad : List.of("", "a b", "../x", "a,CN=root")) {
      assertEquals(
          ErrorKind.INVALID_ARGUMENT,
          assertThrows(EngineException.class, () -> authority.client(bad)).kind(),
          bad);
      assertEquals(
          ErrorKind.INVALID_ARGUMENT,
          assertThrows(EngineException.class, () -> authority.server(List.of(bad))).kind(),
          bad);
    }
  }

  private static boolean allows(long uid, Rule... rules) {
    return new Gate(Stream.of(rules).map(AccessRule::new).toList())
        .mayCall(new Peer(null, uid, null, 1), "a.B/C", new Metadata());
  }

  @Test
  void rule_namesNoNamespaces_allowsItsUserNothing() {
    Rule broken = new Rule("", "1000", "", "*");
    assertFalse(allows(1000, broken));
    assertTrue(allows(1001, broken), "others are as free as before");
    assertTrue(allows(1000, broken, new Rule("", "1000", "*", "*")), "rules add up");
    assertFalse(allows(0, new Rule("", "0", " , ", "*")));
    AccessRule remote = new AccessRule(new Rule("CN=a", "", "", "*"));
    assertTrue(remote.terms().isFor(new Peer(null, -1, new X500Principal("CN=a"), 1)));
    assertFalse(remote.terms().allows("a.B/C", List.of()));
  }

  @Test
  void rule_isForNobodyKnown_allowsNobodyButRoot() {
    for (Rule broken :
        List.of(
            new Rule("", "", "*", "*"),
            new Rule("CN=a", "1000", "*", "*"),
            new Rule("", "ci", "*", "*"),
            new Rule("", "-1", "*", "*"),
            new Rule("", "10000000000", "*", "*"),
            new Rule("ci", "", "*", "*"))) {
      assertFalse(allows(1000, broken), broken::toString);
      assertFalse(allows(-1, broken), broken::toString);
      assertTrue(allows(0, broken), broken::toString);
      assertTrue(allows(1000, broken, new Rule("", "1000", "*", "*")), broken::toString);
    }
  }

  @Test
  void rule_isChanged_saysTheNewAtOnce() {
    AccessRule rule = new AccessRule(new Rule("", "1000", "*", "*"));
    Gate gate = new Gate(List.of(rule));
    Peer peer = new Peer(null, 1000, null, 1);
    assertTrue(gate.mayCall(peer, "a.B/C", new Metadata()));
    rule.change(new Rule("", "", "", "*"));
    assertFalse(gate.mayCall(peer, "a.B/C", new Metadata()), "half written");
    rule.change(new Rule("", "1000", "*", "a.B/*"));
    assertTrue(gate.mayCall(peer, "a.B/C", new Metadata()));
  }

  @Test
  void work_foldersThatAKilledEngineLeft_areRemovedAndLinksAreNotFollowed() throws Exception {
    Path tls = etc.resolve("left");
    KeytoolAuthority own = new KeytoolAuthority(tls);
    Path left = Files.createDirectories(tls.resolve(".work123"));
    Files.writeString(left.resolve("key.p12"), "a key");
    Path outside = Files.createDirectory(etc.resolve("outside"));
    Path kept = Files.writeString(outside.resolve("kept"), "x");
    Files.createSymbolicLink(left.resolve("link"), outside);
    Files.createSymbolicLink(tls.resolve(".work456"), outside);
    own.init(List.of());
    assertFalse(Files.exists(left));
    assertTrue(Files.exists(kept));
    try (var files = Files.list(tls)) {
      assertEquals(
          List.of(".work456", "ca.p12", "ca.pem", "server.key", "server.pem"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void rule_someNamespaces_leavesOutWhatKnowsNone() {
    AccessRule some = new AccessRule(new Rule("CN=a", "", "ci", "*"));
    AccessRule all = new AccessRule(new Rule("CN=a", "", "*", "*"));
    String subscribe = "containerd.services.events.v1.Events/Subscribe";
    assertFalse(some.terms().allows(subscribe, List.of("ci")));
    assertTrue(all.terms().allows(subscribe, List.of()));
    assertTrue(some.terms().allows("containerd.services.version.v1.Version/Version", List.of()));
    assertFalse(
        some.terms().allows("a.B/C", List.of("ci", "other")), "of several names each counts");
    AccessRule uid = new AccessRule(new Rule("", "1000", "*", "a.B/Get*"));
    assertTrue(uid.terms().isFor(new Peer(null, 1000, null, 1)));
    assertFalse(uid.terms().isFor(new Peer(null, 1001, null, 1)));
    assertTrue(uid.terms().allows("a.B/GetAll", List.of()));
    assertFalse(uid.terms().allows("aXB/GetAll", List.of()));
  }

  /** Lets the test look at any certificate. */
  private static final class TrustingAll implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
