package org.felucca.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Platform;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.junit.jupiter.api.Test;

class PlatformResolverTest {
  private static final Scope SCOPE = Scope.of(Namespace.DEFAULT);
  private static final byte[] LAYER = TestArchive.layer("x", "y");

  private final TestingContent content = new TestingContent();
  private final PlatformResolver resolver = new PlatformResolver(content);
  private final TestArchive archive = new TestArchive();

  private Descriptor resolve(Descriptor target, String platform) {
    archive.files.values().forEach(bytes -> content.put(SCOPE, bytes, Map.of()));
    return resolver.resolve(SCOPE, target, Platform.parse(platform)).manifest();
  }

  private EngineException refused(Descriptor target, String platform, ErrorKind kind) {
    EngineException e = assertThrows(EngineException.class, () -> resolve(target, platform));
    assertEquals(kind, e.kind(), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).startsWith("read image " + target.digest()));
    return e;
  }

  @Test
  void resolve_bestVariant() {
    Descriptor six = archive.image("arm", TestArchive.layer("6", "6"));
    Descriptor seven = archive.image("arm", TestArchive.layer("7", "7"));
    Descriptor eight = archive.image("arm64", LAYER);
    Descriptor index =
        archive.index(
            TestArchive.on(six, "linux/arm/v6"),
            TestArchive.on(seven, "linux/arm/v7"),
            TestArchive.on(eight, "linux/arm64"));
    assertEquals(seven.digest(), resolve(index, "linux/arm/v7").digest());
    assertEquals(six.digest(), resolve(index, "linux/arm/v6").digest());
    assertEquals(eight.digest(), resolve(index, "linux/arm64/v8").digest());
    EngineException e = refused(index, "linux/amd64", ErrorKind.FAILED_PRECONDITION);
    assertTrue(String.valueOf(e.getMessage()).contains("linux/arm/v6, linux/arm/v7, linux/arm64"));
  }

  @Test
  void resolve_nestedAndWithoutPlatforms() {
    Descriptor amd = archive.image("amd64", LAYER);
    Descriptor arm = archive.image("arm64", LAYER);
    Descriptor nested = archive.index(archive.index(arm, amd));
    assertEquals(amd.digest(), resolve(nested, "linux/amd64").digest());
    assertEquals(arm.digest(), resolve(nested, "linux/arm64").digest());
    refused(nested, "linux/s390x", ErrorKind.FAILED_PRECONDITION);
    refused(arm, "linux/amd64", ErrorKind.FAILED_PRECONDITION);
    Descriptor deep = nested;
    for (int i = 0; i < 4; i++) {
      deep = archive.index(deep);
    }
    refused(deep, "linux/amd64", ErrorKind.INVALID_ARGUMENT);
  }

  @Test
  void resolve_attestationsAreNoImages() {
    Descriptor amd = archive.image("amd64", LAYER);
    Descriptor attestation =
        archive.blob(
            MediaTypes.OCI_MANIFEST,
            new ImageManifest(
                    MediaTypes.OCI_MANIFEST,
                    null,
                    archive.blob(MediaTypes.OCI_EMPTY, TestArchive.utf8("{}")),
                    List.of(archive.blob("application/vnd.in-toto+json", TestArchive.utf8("{}"))),
                    null,
                    Map.of())
                .bytes());
    Descriptor index =
        archive.index(
            TestArchive.on(attestation, "unknown/unknown"), TestArchive.on(amd, "linux/amd64"));
    assertEquals(amd.digest(), resolve(index, "linux/amd64").digest());
    EngineException e = refused(index, "linux/arm64", ErrorKind.FAILED_PRECONDITION);
    assertTrue(String.valueOf(e.getMessage()).contains("but for linux/amd64;"), e.getMessage());
    refused(attestation, "linux/amd64", ErrorKind.INVALID_ARGUMENT);
  }

  @Test
  void resolve_manifestsNeverTakenForIndexes() {
    Descriptor amd = archive.image("amd64", LAYER);
    refused(
        new Descriptor(MediaTypes.OCI_INDEX, amd.digest(), amd.size()),
        "linux/amd64",
        ErrorKind.INVALID_ARGUMENT);
    refused(
        new Descriptor("text/plain", amd.digest(), amd.size()),
        "linux/amd64",
        ErrorKind.INVALID_ARGUMENT);
    refused(
        new Descriptor(amd.mediaType(), amd.digest(), amd.size() - 1),
        "linux/amd64",
        ErrorKind.INVALID_ARGUMENT);
    refused(
        new Descriptor(amd.mediaType(), amd.digest(), Long.MAX_VALUE),
        "linux/amd64",
        ErrorKind.INVALID_ARGUMENT);
  }

  @Test
  void resolve_unknownLayers() {
    Descriptor config = archive.blob(MediaTypes.OCI_CONFIG, TestArchive.config("amd64", LAYER));
    Descriptor manifest =
        archive.blob(
            MediaTypes.OCI_MANIFEST,
            new ImageManifest(
                    MediaTypes.OCI_MANIFEST,
                    null,
                    config,
                    List.of(archive.blob("application/x-erofs", LAYER)),
                    null,
                    Map.of())
                .bytes());
    assertTrue(
        String.valueOf(refused(manifest, "linux/amd64", ErrorKind.INVALID_ARGUMENT).getMessage())
            .contains("application/x-erofs"));
  }

  @Test
  void resolve_missingAndDamaged() {
    Descriptor amd = archive.image("amd64", LAYER);
    assertEquals(
        ErrorKind.NOT_FOUND,
        assertThrows(
                EngineException.class,
                () -> resolver.resolve(SCOPE, amd, Platform.parse("linux/amd64")))
            .kind());
    resolve(amd, "linux/amd64");
    byte[] damaged = content.blobs.get(amd.digest()).clone();
    damaged[5] ^= 1;
    content.blobs.put(amd.digest(), damaged);
    assertEquals(
        ErrorKind.DATA_LOSS,
        assertThrows(
                EngineException.class,
                () -> resolver.resolve(SCOPE, amd, Platform.parse("linux/amd64")))
            .kind());
    assertEquals(64, Digest.sha256(damaged).hex().length());
  }
}
