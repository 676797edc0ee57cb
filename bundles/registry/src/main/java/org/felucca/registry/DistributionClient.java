package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Progress;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.Credential;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.api.registry.RegistryClient;
import org.felucca.api.registry.RegistryLogins;
import org.felucca.oci.Descriptors;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.MediaTypes;
import org.felucca.registry.Host.Capability;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/** The verbs of the distribution specification, and who one is. */
@Component(configurationPid = RegistryConfig.PID)
@Designate(ocd = RegistryConfig.class)
public final class DistributionClient implements RegistryClient, RegistryLogins {
  private static final Logger LOG = Logger.getLogger(DistributionClient.class.getName());
  private static final String ACCEPT =
      String.join(
          ", ",
          MediaTypes.OCI_MANIFEST,
          MediaTypes.OCI_INDEX,
          MediaTypes.DOCKER_MANIFEST,
          MediaTypes.DOCKER_INDEX,
          "*/*;q=0.1");
  private static final int RANGES = 3;

  private final HostsFiles hosts;
  private final LoginStore logins;
  private final HttpClients clients;
  private final Authorizer authorizer;
  private final Wire wire;
  private final Listings listings;
  private final int ranges;

  /** Begins with the configuration. */
  @Activate
  public DistributionClient(RegistryConfig config, BundleContext context) {
    this(
        new Settings(
            Arrays.stream(config.hosts__folders()).map(Path::of).toList(),
            Path.of(Objects.requireNonNull(context.getProperty("felucca.root")))
                .resolve("registry")
                .resolve("config.json"),
            dockerConfig(config.docker__config()),
            config.parallel__ranges(),
            new Pauses(
                Math.max(1, config.attempts()),
                Duration.ofMillis(Math.max(2, config.first__pause__millis()))),
            Duration.ofSeconds(Math.max(1, config.silence__seconds()))),
        System.getenv());
  }

  /** What it is made with. */
  record Settings(
      List<Path> hostsFolders,
      Path logins,
      Path dockerConfig,
      int ranges,
      Pauses pauses,
      Duration silence) {}

  DistributionClient(Settings settings, Map<String, String> environment) {
    hosts = new HostsFiles(settings.hostsFolders());
    logins = new LoginStore(settings.logins(), settings.dockerConfig());
    clients = new HttpClients(new Proxies(environment));
    authorizer = new Authorizer(logins);
    wire = new Wire(clients, authorizer, settings.pauses(), settings.silence());
    listings = new Listings(wire, Listings.MOST);
    ranges = settings.ranges();
  }

  private static Path dockerConfig(String configured) {
    if (!configured.isEmpty()) {
      return Path.of(configured);
    }
    String folder = System.getenv("DOCKER_CONFIG");
    return folder != null && !folder.isEmpty()
        ? Path.of(folder, "config.json")
        : Path.of(System.getProperty("user.home", "/root"), ".docker", "config.json");
  }

  @Deactivate
  void close() {
    clients.close();
  }

  private List<Host> able(String registry, Capability capability, RegistryAccess access) {
    List<Host> able =
        hosts.hosts(registry, access).stream()
            .filter(host -> host.capabilities().contains(capability))
            .toList();
    if (able.isEmpty()) {
      throw EngineException.precondition(
          "no machine that hosts.toml names for registry %s may be asked to %s; see its capabilities"
              .formatted(registry, capability.name().toLowerCase(java.util.Locale.ROOT)));
    }
    return able;
  }

  /** Asks one machine after the other, until one answers well. */
  private <T> T first(List<Host> able, Function<Host, T> work) {
    for (int i = 0; ; i++) {
      try {
        return work.apply(able.get(i));
      } catch (EngineException e) {
        if (i + 1 >= able.size() || e.kind() == ErrorKind.CANCELLED) {
          throw e;
        }
        LOG.log(Level.FINE, "mirror does not do host=" + able.get(i).name(), e);
      }
    }
  }

  private static String pull(ImageReference name) {
    return "repository:" + name.repository() + ":pull";
  }

  private static String manifestPath(ImageReference name) {
    return name.repository()
        + "/manifests/"
        + (name.digest() == null ? name.tag() : name.digest().toString());
  }

  @Override
  public Descriptor resolve(ImageReference name, RegistryAccess access) {
    return first(
        able(name.registry(), Capability.RESOLVE, access), host -> resolve(host, name, access));
  }

  private Descriptor resolve(Host host, ImageReference name, RegistryAccess access) {
    String what = "look up " + name;
    Request request =
        Request.of(host, "HEAD", manifestPath(name), pull(name), access).header("Accept", ACCEPT);
    try (Reply reply = wire.send(request)) {
      String said = reply.header("Docker-Content-Digest");
      String type = mediaType(reply);
      if (reply.isSuccess() && said != null && type != null && reply.length().isPresent()) {
        checkType(type, what);
        Digest digest = Digest.parse(said);
        if (name.digest() != null && !name.digest().equals(digest)) {
          throw new EngineException(
              ErrorKind.DATA_LOSS,
              "%s: registry %s answers with %s".formatted(what, host.name(), digest));
        }
        return new Descriptor(type, digest, reply.length().getAsLong());
      }
      boolean answered = reply.status() / 100 == 4 && reply.status() != 401;
      if (!reply.isSuccess() && (!answered || reply.status() == 429)) {
        throw Wire.failure(reply, what);
      }
      // Else a body says what is wrong, or what the headers left out.
    }
    return resolveByBody(host, name, access, what);
  }

  private Descriptor resolveByBody(
      Host host, ImageReference name, RegistryAccess access, String what) {
    Document document = document(host, name, access, what);
    Digest.Algorithm algorithm =
        name.digest() == null ? Digest.Algorithm.SHA256 : name.digest().algorithm();
    Digest digest = Digest.of(algorithm, algorithm.newMessageDigest().digest(document.bytes()));
    if (name.digest() != null && !name.digest().equals(digest)) {
      throw wrong(what, host, digest);
    }
    return new Descriptor(document.mediaType(), digest, document.bytes().length);
  }

  private record Document(String mediaType, byte[] bytes) {}

  private Document document(Host host, ImageReference name, RegistryAccess access, String what) {
    Request request =
        Request.of(host, "GET", manifestPath(name), pull(name), access).header("Accept", ACCEPT);
    for (int attempt = 0; ; attempt++) {
      try (Reply reply = wire.send(request)) {
        if (reply.status() != 200) {
          throw Wire.failure(reply, what);
        }
        byte[] bytes = reply.document(ImageDocument.MAX_SIZE, "the manifest");
        String type = mediaType(reply);
        type = type == null || type.equals("application/json") ? ownType(bytes, what) : type;
        checkType(type, what);
        return new Document(type, bytes);
      } catch (InterruptedIOException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled(what + ": interrupted");
      } catch (IOException e) {
        if (attempt + 1 >= wire.pauses().attempts()) {
          throw Wire.failure(host, request.uri(), e).during(what);
        }
        Pauses.sleep(wire.pauses().after(attempt), what);
      }
    }
  }

  private static @Nullable String mediaType(Reply reply) {
    String type = reply.header("Content-Type");
    return type == null ? null : type.split(";", 2)[0].strip();
  }

  private static String ownType(byte[] bytes, String what) {
    return org.felucca.oci.Json.object(bytes, what).string("mediaType", "");
  }

  private static void checkType(String type, String what) {
    if (MediaTypes.isDockerSchema1(type)) {
      throw EngineException.invalid(
          what
              + ": the image is of Docker's schema 1, which is not read; push it again with a newer client, or ask who made it to");
    }
    if (!MediaTypes.isManifest(type) && !MediaTypes.isIndex(type)) {
      throw EngineException.invalid(
          "%s: it is of media type %s, which is neither a manifest nor an index"
              .formatted(what, Identifiers.quote(type)));
    }
  }

  private static EngineException wrong(String what, Host host, Digest digest) {
    return new EngineException(
        ErrorKind.DATA_LOSS,
        "%s: what registry %s sends has the digest %s; something between here and there changes it, or the registry is damaged"
            .formatted(what, host.name(), digest));
  }

  @Override
  public byte[] manifest(ImageReference repository, Descriptor manifest, RegistryAccess access) {
    String what = "fetch manifest " + manifest.digest();
    if (manifest.size() > ImageDocument.MAX_SIZE) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "%s: it is said to have %d bytes; at most %d are read"
              .formatted(what, manifest.size(), ImageDocument.MAX_SIZE));
    }
    ImageReference name = at(repository, manifest.digest());
    return first(
        able(name.registry(), Capability.PULL, access),
        host -> {
          byte[] bytes = document(host, name, access, what).bytes();
          Digest.Algorithm algorithm = manifest.digest().algorithm();
          Digest digest = Digest.of(algorithm, algorithm.newMessageDigest().digest(bytes));
          if (!digest.equals(manifest.digest())) {
            throw wrong(what, host, digest);
          }
          if (bytes.length != manifest.size()) {
            throw new EngineException(
                ErrorKind.DATA_LOSS,
                "%s: it has %d bytes where %d are said"
                    .formatted(what, bytes.length, manifest.size()));
          }
          return bytes;
        });
  }

  private static ImageReference at(ImageReference repository, Digest digest) {
    return new ImageReference(repository.registry(), repository.repository(), null, digest);
  }

  @Override
  public InputStream blob(
      ImageReference repository, Descriptor blob, long offset, RegistryAccess access) {
    if (offset < 0 || offset > blob.size()) {
      throw new EngineException(
          ErrorKind.OUT_OF_RANGE, "blob %s has no byte %d".formatted(blob.digest(), offset));
    }
    List<Host> able = able(repository.registry(), Capability.PULL, access);
    if (offset == blob.size()) {
      return InputStream.nullInputStream();
    }
    int parallel = ranges > 0 ? ranges : able.getFirst().isLoopback() ? 1 : RANGES;
    boolean ranged = parallel > 1 && blob.size() - offset > 2L * RangedBlob.RANGE;
    long end = ranged ? offset + RangedBlob.RANGE : blob.size();
    BlobStream first = stream(able, repository, blob, offset, end, access);
    boolean well = false;
    try {
      boolean partial = first.open();
      well = true;
      if (!ranged) {
        return first;
      }
      if (!partial) {
        first.extend(blob.size());
        return first;
      }
    } finally {
      if (!well) {
        first.close();
      }
    }
    return new RangedBlob(
        first,
        offset,
        blob.size(),
        parallel,
        from ->
            stream(
                able,
                repository,
                blob,
                from,
                Math.min(blob.size(), from + RangedBlob.RANGE),
                access));
  }

  private BlobStream stream(
      List<Host> able,
      ImageReference repository,
      Descriptor blob,
      long from,
      long end,
      RegistryAccess access) {
    return new BlobStream(wire, able, repository.repository(), blob, from, end, access);
  }

  @Override
  public void pushBlob(
      ImageReference repository,
      Descriptor blob,
      BlobReader bytes,
      List<ImageReference> sources,
      RegistryAccess access,
      Progress progress) {
    Host host = able(repository.registry(), Capability.PUSH, access).getFirst();
    new BlobUpload(wire, host, repository, blob, bytes, access, progress).run(sources);
  }

  @Override
  public void pushManifest(
      ImageReference name, Descriptor manifest, byte[] bytes, RegistryAccess access) {
    Host host = able(name.registry(), Capability.PUSH, access).getFirst();
    String what = "push manifest " + manifest.digest();
    String path =
        name.repository()
            + "/manifests/"
            + (name.tag() == null ? manifest.digest().toString() : name.tag());
    Request request =
        Request.of(host, "PUT", path, BlobUpload.scopes(name), access)
            .body(manifest.mediaType(), () -> BodyPublishers.ofByteArray(bytes));
    try (Reply reply = wire.send(request)) {
      if (!reply.isSuccess()) {
        throw Wire.failure(reply, what);
      }
      String said = reply.header("Docker-Content-Digest");
      if (said != null && !said.equals(manifest.digest().toString())) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "%s: registry %s has stored it as %s".formatted(what, host.name(), said));
      }
    }
  }

  @Override
  public List<Descriptor> referrers(
      ImageReference repository,
      Digest subject,
      @Nullable String artifactType,
      RegistryAccess access) {
    String what = "list what is attached to " + subject;
    List<Descriptor> all =
        first(
            able(repository.registry(), Capability.RESOLVE, access),
            host -> {
              List<Descriptor> found = new ArrayList<>();
              String path = repository.repository() + "/referrers/" + subject;
              if (artifactType != null) {
                path += "?artifactType=" + URLEncoder.encode(artifactType, StandardCharsets.UTF_8);
              }
              try {
                listings.read(
                    host,
                    path,
                    pull(repository),
                    access,
                    what,
                    page ->
                        page.objects("manifests")
                            .forEach(each -> found.add(Descriptors.read(each))));
                return found;
              } catch (EngineException e) {
                if (e.kind() != ErrorKind.NOT_FOUND && e.kind() != ErrorKind.UNIMPLEMENTED) {
                  throw e;
                }
                return byTag(host, repository, subject, access, what);
              }
            });
    return artifactType == null
        ? List.copyOf(all)
        : all.stream().filter(each -> artifactType.equals(each.artifactType())).toList();
  }

  /** The tag that stands in for the list (OCI distribution specification, referrers tag schema). */
  private List<Descriptor> byTag(
      Host host, ImageReference repository, Digest subject, RegistryAccess access, String what) {
    String tag = subject.algorithm().id() + "-" + subject.hex();
    ImageReference name =
        new ImageReference(repository.registry(), repository.repository(), tag, null);
    try {
      Document document = document(host, name, access, what);
      return ImageDocument.parse(document.bytes(), document.mediaType(), what)
              instanceof ImageIndex index
          ? index.manifests()
          : List.of();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  @Override
  public List<String> tags(ImageReference repository, RegistryAccess access) {
    String what = "list the tags of " + repository.registry() + "/" + repository.repository();
    return first(
        able(repository.registry(), Capability.RESOLVE, access),
        host -> {
          List<String> tags = new ArrayList<>();
          listings.read(
              host,
              repository.repository() + "/tags/list",
              pull(repository),
              access,
              what,
              page -> tags.addAll(Listings.strings(page, "tags")));
          return List.copyOf(tags);
        });
  }

  @Override
  public List<String> repositories(String registry, RegistryAccess access) {
    List<Host> all = able(registry, Capability.RESOLVE, access);
    List<String> repositories = new ArrayList<>();
    listings.read(
        all.getLast(),
        "_catalog",
        "registry:catalog:*",
        access,
        "list the repositories of " + registry,
        page -> repositories.addAll(Listings.strings(page, "repositories")));
    return List.copyOf(repositories);
  }

  @Override
  public void delete(ImageReference name, RegistryAccess access) {
    Host host = able(name.registry(), Capability.PUSH, access).getFirst();
    String what = "delete " + name;
    String scopes = "repository:" + name.repository() + ":delete,pull";
    try (Reply reply = wire.send(Request.of(host, "DELETE", manifestPath(name), scopes, access))) {
      if (!reply.isSuccess()) {
        throw Wire.failure(reply, what);
      }
    }
  }

  @Override
  public void login(String registry, Credential credential, RegistryAccess access) {
    List<Host> all = able(registry, Capability.RESOLVE, access);
    RegistryAccess trying = access.withCredentials(asked -> credential);
    try (Reply reply = wire.send(Request.of(all.getLast(), "GET", "", "", trying))) {
      if (!reply.isSuccess()) {
        throw Wire.failure(reply, "log in at " + registry);
      }
    }
    logins.put(registry, credential);
    authorizer.forgetAll();
  }

  @Override
  public void logout(String registry) {
    logins.remove(registry);
    authorizer.forgetAll();
  }

  @Override
  public List<String> registries() {
    return logins.registries();
  }

  @Override
  public @Nullable Credential find(String registry) {
    return logins.find(registry);
  }
}
