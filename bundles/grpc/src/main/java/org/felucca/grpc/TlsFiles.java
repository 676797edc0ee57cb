package org.felucca.grpc;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.CertificateUtils;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The certificates of the TCP socket: the server's with its key, and the authorities whose clients
 * may connect. They are looked at again for each connection and read when they have changed; files
 * that can't be read change nothing.
 */
final class TlsFiles {
  private static final Logger LOG = Logger.getLogger(TlsFiles.class.getName());

  /** How long a client may come back without showing its certificate again. */
  private static final long SESSION_SECONDS = 300;

  private final Path certificate;
  private final Path key;
  private final Path authority;
  private final AdvancedTlsX509KeyManager own = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager trusted;
  private final SslContext context;
  private List<Object> read;

  /**
   * Reads the files.
   *
   * @throws IOException if one is missing or does not hold what it should
   */
  TlsFiles(Path certificate, Path key, Path authority)
      throws IOException, GeneralSecurityException {
    this.certificate = certificate;
    this.key = key;
    this.authority = authority;
    this.trusted =
        AdvancedTlsX509TrustManager.newBuilder()
            .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
            .build();
    this.read = state();
    load();
    this.context =
        GrpcSslContexts.configure(SslContextBuilder.forServer(own), SslProvider.JDK)
            .trustManager(trusted)
            .clientAuth(ClientAuth.REQUIRE)
            .protocols("TLSv1.3")
            .sessionTimeout(SESSION_SECONDS)
            .build();
  }

  SslContext context() {
    return context;
  }

  private void load() throws IOException, GeneralSecurityException {
    X509Certificate[] chain = certificates(certificate);
    PrivateKey privateKey;
    try (InputStream in = Files.newInputStream(key)) {
      privateKey = CertificateUtils.getPrivateKey(in);
    }
    X509Certificate[] authorities = certificates(authority);
    own.updateIdentityCredentials(chain, privateKey);
    trusted.updateTrustCredentials(authorities);
  }

  private static X509Certificate[] certificates(Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      X509Certificate[] read = CertificateUtils.getX509Certificates(in);
      if (read.length == 0) {
        throw new IOException(file + " holds no certificate");
      }
      return read;
    }
  }

  /** Reads what has changed. */
  synchronized void refresh() {
    try {
      List<Object> now = state();
      if (!now.equals(read)) {
        read = now; // also if it is bad: it is not complained of twice
        load();
        LOG.log(Level.INFO, "certificates read again certificate={0}", certificate);
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      LOG.log(Level.WARNING, "certificates have changed and can't be read, the old ones stay", e);
    }
  }

  private List<Object> state() throws IOException {
    List<Object> state = new ArrayList<>();
    for (Path file : List.of(certificate, key, authority)) {
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        state.add(attributes.lastModifiedTime());
        state.add(attributes.size());
        state.add(String.valueOf(attributes.fileKey()));
      } catch (NoSuchFileException e) {
        throw new IOException(file + " is missing; make it by 'felucca cert init'", e);
      }
    }
    return state;
  }
}
