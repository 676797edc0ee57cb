package org.felucca.grpc;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.certificate.Certificate;
import org.felucca.api.certificate.CertificateAuthority;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * The engine's own authority in {@code etc/tls}: the authority's key store, {@code ca.pem}, {@code
 * server.pem} and {@code server.key}, and for clients {@code clients/NAME.pem} and {@code .key}.
 */
@Component(service = CertificateAuthority.class)
public final class KeytoolAuthority implements CertificateAuthority {
  private static final Pattern CLIENT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9*][A-Za-z0-9.*-]{0,252}");
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+");
  private static final String AUTHORITY_DAYS = "3650";
  private static final String DAYS = "825";

  /** How the names of folders begin in which keytool works. */
  private static final String WORK = ".work";

  private final Path folder;
  private final ReentrantLock lock = new ReentrantLock();

  /** Works below the folder of the configuration. */
  @Activate
  public KeytoolAuthority(BundleContext context) {
    this(Path.of(config(context), "tls"));
  }

  KeytoolAuthority(Path folder) {
    this.folder = folder;
  }

  private static String config(BundleContext context) {
    String config = context.getProperty("felucca.config");
    return config == null ? "/etc/felucca" : config;
  }

  @Override
  public Certificate init(List<String> names) {
    lock.lock();
    try {
      if (Files.exists(store())) {
        throw new EngineException(
            ErrorKind.ALREADY_EXISTS,
            store()
                + " is there already; 'felucca cert server' makes a new certificate of the"
                + " engine, and removing the folder makes all that was signed invalid",
            null);
      }
      String extensions = names(names);
      work(
          (tool, work) -> {
            Path made = work.resolve("ca.p12");
            tool.run(
                made,
                "genkeypair",
                "-alias",
                "ca",
                "-dname",
                "CN=Felucca authority",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-validity",
                AUTHORITY_DAYS,
                "-ext",
                "bc:c=ca:true,pathlen:0",
                "-ext",
                "ku:c=keyCertSign,cRLSign");
            put(folder.resolve("ca.pem"), pem("CERTIFICATE", authority(made).getEncoded()), false);
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
            force(made);
            Files.move(made, store(), StandardCopyOption.ATOMIC_MOVE);
            force(folder);
            return true;
          });
      return issue("server", "CN=felucca", "serverAuth", extensions, folder.resolve("server"));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Certificate server(List<String> names) {
    lock.lock();
    try {
      return issue("server", "CN=felucca", "serverAuth", names(names), folder.resolve("server"));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Certificate client(String name) {
    if (!CLIENT.matcher(name).matches()) {
      throw EngineException.invalid(
          "'" + name + "' is no name for a client: letters, digits and . _ - , at most 64");
    }
    lock.lock();
    try {
      return issue(name, "CN=" + name, "clientAuth", "", folder.resolve("clients").resolve(name));
    } finally {
      lock.unlock();
    }
  }

  private Path store() {
    return folder.resolve("ca.p12");
  }

  /** Makes a key pair and lets the authority sign it. */
  private Certificate issue(String alias, String subject, String use, String names, Path file) {
    if (!Files.exists(store())) {
      throw EngineException.precondition(
          "there is no authority in " + folder + " yet: 'felucca cert init' makes one");
    }
    return work(
        (tool, work) -> {
          Path store = work.resolve("key.p12");
          Path request = work.resolve("request");
          Path signed = work.resolve("signed");
          tool.run(
              store,
              "genkeypair",
              "-alias",
              alias,
              "-dname",
              subject,
              "-keyalg",
              "EC",
              "-groupname",
              "secp256r1",
              "-validity",
              DAYS);
          tool.run(store, "certreq", "-alias", alias, "-file", request.toString());
          List<String> sign =
              new java.util.ArrayList<>(
                  List.of(
                      "-alias",
                      "ca",
                      "-infile",
                      request.toString(),
                      "-outfile",
                      signed.toString(),
                      "-rfc",
                      "-validity",
                      DAYS,
                      "-ext",
                      "eku=" + use,
                      "-ext",
                      "ku:c=digitalSignature"));
          if (!names.isEmpty()) {
            sign.addAll(List.of("-ext", "san=" + names));
          }
          tool.run(store(), "gencert", sign.toArray(String[]::new));
          Key key = open(store).getKey(alias, Keytool.WORD.toCharArray());
          X509Certificate certificate = read(signed);
          Path parent = file.getParent();
          if (parent != null) {
            Files.createDirectories(parent);
            force(folder);
          }
          Path pem = Path.of(file + ".pem");
          Path keyFile = Path.of(file + ".key");
          put(keyFile, pem("PRIVATE KEY", key.getEncoded()), true);
          put(pem, pem("CERTIFICATE", certificate.getEncoded()), false);
          return new Certificate(
              certificate.getSubjectX500Principal().getName(),
              pem,
              keyFile,
              folder.resolve("ca.pem"),
              certificate.getNotAfter().toInstant());
        });
  }

  /** What is done with a folder that is removed afterwards. */
  @FunctionalInterface
  private interface Work<R> {
    R in(Keytool tool, Path work) throws IOException, GeneralSecurityException;
  }

  private <R> R work(Work<R> what) {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
      removeLeftovers();
      Path work = Files.createTempDirectory(folder, WORK); // for its owner only
      try {
        return what.in(new Keytool(work), work);
      } finally {
        remove(work);
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new EngineException(
          ErrorKind.INTERNAL, "cannot make certificates in " + folder + ": " + e, e);
    }
  }

  /** An engine that was killed may have left folders, with keys in them. */
  private void removeLeftovers() throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, WORK + "[0-9]*")) {
      for (Path left : all) {
        if (Files.isDirectory(left, LinkOption.NOFOLLOW_LINKS)) {
          remove(left);
        }
      }
    }
  }

  /** Removes a folder of files; of a link, only the link. */
  private static void remove(Path work) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(work)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(work);
  }

  /** Waits until a file, or the names in a folder, have reached the disk. */
  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path)) {
      channel.force(true);
    }
  }

  private static KeyStore open(Path store) throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, Keytool.WORD.toCharArray());
    }
    return keys;
  }

  private static X509Certificate authority(Path store)
      throws IOException, GeneralSecurityException {
    return (X509Certificate) open(store).getCertificate("ca");
  }

  private static X509Certificate read(Path pem) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(pem)) {
      return (X509Certificate)
          java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static String pem(String type, byte[] bytes) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(bytes);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, body, type);
  }

  /** Replaces a file in one step. */
  private static void put(Path file, String text, boolean secret) throws IOException {
    Path beside = file.resolveSibling("." + file.getFileName() + ".new");
    Files.deleteIfExists(beside);
    Files.createFile(
        beside,
        PosixFilePermissions.asFileAttribute(
            PosixFilePermissions.fromString(secret ? "rw-------" : "rw-r--r--")));
    Files.writeString(beside, text);
    force(beside);
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(file.resolveSibling(""));
  }

  /** The names as keytool's extension of subject alternative names has them. */
  private static String names(List<String> given) {
    Set<String> names = new LinkedHashSet<>(given);
    if (names.isEmpty()) {
      try {
        names.add(InetAddress.getLocalHost().getHostName());
      } catch (UnknownHostException e) {
        // a machine without a name in its own resolver: localhost alone
      }
    }
    names.addAll(List.of("localhost", "127.0.0.1", "::1"));
    return names.stream()
        .map(
            name -> {
              if (ADDRESS.matcher(name).matches()) {
                return "ip:" + name;
              }
              if (HOST.matcher(name).matches()) {
                return "dns:" + name;
              }
              throw EngineException.invalid("'" + name + "' is neither a host name nor an address");
            })
        .collect(Collectors.joining(","));
  }
}
