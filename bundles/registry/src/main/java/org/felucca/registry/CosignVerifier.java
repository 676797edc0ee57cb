package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageVerifier;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.api.registry.RegistryClient;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Accepts images that have a signature by one key, as cosign makes it: a manifest beside the image,
 * under a tag made of the image's digest or attached as a referrer, each of whose layers is a
 * statement about the digest, with the signature over it as an annotation.
 */
@Component(
    configurationPid = CosignConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    property = ImageVerifier.NAME + "=cosign")
@Designate(ocd = CosignConfig.class)
public final class CosignVerifier implements ImageVerifier {
  private static final String STATEMENT = "application/vnd.dev.cosign.simplesigning.v1+json";
  private static final String ARTIFACT = "application/vnd.dev.cosign.artifact.sig.v1+json";
  private static final String SIGNATURE = "dev.cosignproject.cosign/signature";
  private static final String TYPE = "cosign container image signature";
  private static final int MAX_STATEMENT = 64 << 10;
  private static final int MAX_SIGNATURES = 100;
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----");

  private final RegistryClient registry;
  private final Path key;
  private final List<String> repositories;

  /** With the configuration. */
  @Activate
  public CosignVerifier(
      CosignConfig config, BundleContext context, @Reference RegistryClient registry) {
    this(
        registry,
        Path.of(Objects.requireNonNullElse(context.getProperty("felucca.config"), "/"))
            .resolve(config.key()),
        Arrays.asList(config.repositories()));
  }

  CosignVerifier(RegistryClient registry, Path key, List<String> repositories) {
    this.registry = registry;
    this.key = key;
    this.repositories =
        Arrays.stream(String.join(",", repositories).split(",", -1))
            .map(String::strip)
            .filter(each -> !each.isEmpty())
            .toList();
  }

  @Override
  public Judgement verify(ImageReference name, Descriptor target, RegistryAccess access) {
    if (!isWatched(name)) {
      return new Judgement(true, "its repository needs no signature");
    }
    PublicKey trusted = key();
    List<ImageManifest> found = signatures(name, target.digest(), access);
    int count = 0;
    for (ImageManifest manifest : found) {
      for (Descriptor layer : manifest.layers()) {
        String signature = layer.annotations().get(SIGNATURE);
        if (!layer.mediaType().equals(STATEMENT) || signature == null) {
          continue;
        }
        if (++count > MAX_SIGNATURES) {
          return new Judgement(false, "it has more than %d signatures".formatted(MAX_SIGNATURES));
        }
        byte[] statement = statement(name, layer, access);
        if (isSigned(trusted, statement, signature) && isAbout(statement, target.digest())) {
          return new Judgement(true, "signed by the key in " + key);
        }
      }
    }
    return new Judgement(
        false,
        count == 0
            ? "it has no signature; sign it by cosign sign --key ..., or take its repository out of %s.cfg"
                .formatted(CosignConfig.PID)
            : "none of its %d signatures is by the key in %s and about this image"
                .formatted(count, key));
  }

  private boolean isWatched(ImageReference name) {
    String repository = name.registry() + "/" + name.repository();
    return repositories.isEmpty()
        || repositories.stream()
            .anyMatch(
                each -> each.endsWith("/") ? repository.startsWith(each) : repository.equals(each));
  }

  private PublicKey key() {
    String text;
    try {
      text = Files.readString(key, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw EngineException.precondition(
          "the key file %s can't be read: %s".formatted(key, e.getMessage()));
    }
    Matcher pem = KEY.matcher(text);
    if (!pem.find()) {
      throw EngineException.precondition(key + " holds no PEM public key");
    }
    try {
      X509EncodedKeySpec encoded =
          new X509EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
      for (String algorithm : List.of("EC", "RSA")) {
        try {
          return KeyFactory.getInstance(algorithm).generatePublic(encoded);
        } catch (InvalidKeySpecException e) {
          // Of the other one.
        }
      }
      throw EngineException.precondition("the key in %s is neither EC nor RSA".formatted(key));
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      throw EngineException.precondition(
          "the key in %s is damaged: %s".formatted(key, e.getMessage()));
    }
  }

  private List<ImageManifest> signatures(
      ImageReference name, Digest digest, RegistryAccess access) {
    List<ImageManifest> found = new ArrayList<>();
    String tag = digest.algorithm().id() + "-" + digest.hex() + ".sig";
    try {
      Descriptor descriptor =
          registry.resolve(
              new ImageReference(name.registry(), name.repository(), tag, null), access);
      found.add(manifest(name, descriptor, access));
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    }
    for (Descriptor descriptor : registry.referrers(name, digest, ARTIFACT, access)) {
      if (found.size() > MAX_SIGNATURES) {
        break;
      }
      found.add(manifest(name, descriptor, access));
    }
    return found;
  }

  private ImageManifest manifest(
      ImageReference name, Descriptor descriptor, RegistryAccess access) {
    byte[] bytes = registry.manifest(name, descriptor, access);
    String what = "signature manifest " + descriptor.digest();
    if (ImageDocument.parse(bytes, descriptor.mediaType(), what)
        instanceof ImageManifest manifest) {
      return manifest;
    }
    throw EngineException.invalid(what + " is an index");
  }

  private byte[] statement(ImageReference name, Descriptor layer, RegistryAccess access) {
    if (layer.size() > MAX_STATEMENT) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "statement %s has %d bytes; at most %d are read"
              .formatted(layer.digest(), layer.size(), MAX_STATEMENT));
    }
    byte[] bytes;
    try (InputStream stream = registry.blob(name, layer, 0, access)) {
      bytes = stream.readAllBytes();
    } catch (IOException e) {
      throw EngineException.unavailable(
          "fetch statement %s: %s".formatted(layer.digest(), e.getMessage()));
    }
    Digest.Algorithm algorithm = layer.digest().algorithm();
    if (!Digest.of(algorithm, algorithm.newMessageDigest().digest(bytes)).equals(layer.digest())) {
      throw new EngineException(
          ErrorKind.DATA_LOSS,
          "statement %s is not what its digest says".formatted(layer.digest()));
    }
    return bytes;
  }

  private static boolean isSigned(PublicKey key, byte[] statement, String signature) {
    try {
      Signature check =
          Signature.getInstance(
              key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
      check.initVerify(key);
      check.update(statement);
      return check.verify(Base64.getDecoder().decode(signature.strip()));
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      return false; // what is no signature at all is none by this key
    }
  }

  private static boolean isAbout(byte[] statement, Digest digest) {
    try {
      JsonObject critical = Json.object(statement, "statement").requiredObject("critical");
      return critical.string("type", "").equals(TYPE)
          && critical
              .requiredObject("image")
              .string("docker-manifest-digest", "")
              .equals(digest.toString());
    } catch (EngineException e) {
      return false;
    }
  }
}
