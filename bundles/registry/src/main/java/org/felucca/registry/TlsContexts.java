package org.felucca.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** Makes TLS contexts of certificate files. */
final class TlsContexts {
  /** Where Debian keeps what administrators trust, which a JDK of its own does not look at. */
  private static final Path MACHINE = Path.of("/etc/ssl/certs/ca-certificates.crt");

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-]+)-----END");

  private TlsContexts() {}

  /**
   * A context.
   *
   * @throws EngineException FAILED_PRECONDITION if a file can't be used, with its name
   */
  static SSLContext of(TlsSettings settings) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(settings), trust(settings), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw EngineException.precondition("the TLS settings can't be used: " + e.getMessage());
    }
  }

  private static TrustManager[] trust(TlsSettings settings)
      throws GeneralSecurityException, IOException {
    if (settings.skipVerify()) {
      return new TrustManager[] {new TrustsAll()};
    }
    KeyStore store = empty();
    TrustManagerFactory jdk = TrustManagerFactory.getInstance("PKIX");
    jdk.init((KeyStore) null);
    int count = 0;
    for (TrustManager manager : jdk.getTrustManagers()) {
      if (manager instanceof X509TrustManager known) {
        for (X509Certificate issuer : known.getAcceptedIssuers()) {
          store.setCertificateEntry("jdk" + count++, issuer);
        }
      }
    }
    if (Files.isReadable(MACHINE)) {
      for (Certificate certificate : certificates(MACHINE)) {
        store.setCertificateEntry("machine" + count++, certificate);
      }
    }
    for (Path authority : settings.authorities()) {
      for (Certificate certificate : certificates(authority)) {
        store.setCertificateEntry("own" + count++, certificate);
      }
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager @Nullable [] keys(TlsSettings settings)
      throws GeneralSecurityException, IOException {
    if (settings.clients().isEmpty()) {
      return null;
    }
    KeyStore store = empty();
    for (TlsSettings.ClientKey client : settings.clients()) {
      Certificate[] chain = certificates(client.certificate()).toArray(Certificate[]::new);
      PrivateKey key = key(client.key() == null ? client.certificate() : client.key());
      store.setKeyEntry(client.certificate().toString(), key, new char[0], chain);
    }
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws GeneralSecurityException {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
      if (found.isEmpty()) {
        throw EngineException.precondition("%s holds no certificate".formatted(file));
      }
      return found;
    } catch (IOException e) {
      throw EngineException.precondition(
          "certificate file %s can't be read: %s".formatted(file, e.getMessage()));
    } catch (java.security.cert.CertificateException e) {
      throw EngineException.precondition(
          "%s is no file of PEM certificates: %s".formatted(file, e.getMessage()));
    }
  }

  private static PrivateKey key(Path file) throws GeneralSecurityException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw EngineException.precondition(
          "key file %s can't be read: %s".formatted(file, e.getMessage()));
    }
    Matcher found = KEY.matcher(text);
    if (!found.find()) {
      throw EngineException.precondition("%s holds no PEM private key".formatted(file));
    }
    if (!found.group(1).isEmpty()) {
      throw EngineException.precondition(
          "the key in %s is of the form '%sPRIVATE KEY'; make it PKCS #8: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW"
              .formatted(file, found.group(1)));
    }
    byte[] encoded;
    try {
      encoded = Base64.getMimeDecoder().decode(found.group(2));
    } catch (IllegalArgumentException e) {
      throw EngineException.precondition("the key in %s is damaged".formatted(file));
    }
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (InvalidKeySpecException e) {
        // Of another algorithm.
      }
    }
    throw EngineException.precondition("the key in %s is of no known algorithm".formatted(file));
  }

  /** For registries of which the user has said that nobody need vouch for them. */
  private static final class TrustsAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable Socket socket) {}

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String type, @Nullable SSLEngine engine) {}

    @Override
    public void checkServerTrusted(
        X509Certificate[] chain, String type, @Nullable SSLEngine engine) {}

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
