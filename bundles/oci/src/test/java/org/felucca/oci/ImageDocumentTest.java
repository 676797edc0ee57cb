package org.felucca.oci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Platform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDocumentTest {
  private static final String D = Digest.sha256(new byte[0]).toString();
  private static final String CONFIG =
      "{\"mediaType\":\"" + MediaTypes.OCI_CONFIG + "\",\"digest\":\"" + D + "\",\"size\":2}";

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static EngineException refused(String text, String mediaType) {
    EngineException e =
        assertThrows(
            EngineException.class, () -> ImageDocument.parse(utf8(text), mediaType, "manifest x"));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    return e;
  }

  @Test
  void parse_manifest() {
    Descriptor config = new Descriptor(MediaTypes.OCI_CONFIG, Digest.parse(D), 2);
    Descriptor layer =
        new Descriptor(MediaTypes.OCI_LAYER_GZIP, Digest.parse(D), 3)
            .withAnnotations(Map.of("a", "b"));
    ImageManifest manifest =
        new ImageManifest(
            MediaTypes.OCI_MANIFEST, null, config, List.of(layer), null, Map.of("k", "v"));
    assertEquals(
        manifest, ImageDocument.parse(manifest.bytes(), MediaTypes.OCI_MANIFEST, "manifest"));
    assertEquals(List.of(config, layer), manifest.children());
    assertTrue(manifest.isImage());
  }

  @Test
  void parse_index() {
    ImageIndex index =
        ImageIndex.of(
            List.of(
                new Descriptor(
                    MediaTypes.OCI_MANIFEST,
                    Digest.parse(D),
                    7,
                    Map.of(),
                    new Platform("linux", "arm", "v6", null, List.of()),
                    null,
                    List.of("https://example.org/x"))));
    byte[] bytes = index.bytes();
    assertEquals(index, ImageDocument.parse(bytes, MediaTypes.OCI_INDEX, "index"));
    assertArrayEquals(bytes, index.bytes());
    assertEquals(index, ImageIndex.parseLayoutIndex(bytes));
  }

  @Test
  void parse_withoutMediaType() {
    assertInstanceOf(
        ImageManifest.class,
        ImageDocument.parse(
            utf8("{\"schemaVersion\":2,\"config\":" + CONFIG + ",\"layers\":[]}"),
            MediaTypes.DOCKER_MANIFEST,
            "m"));
  }

  @Test
  void parse_twoThingsAtOnce() {
    String both = "{\"schemaVersion\":2,\"config\":" + CONFIG + ",\"layers\":[],\"manifests\":[]}";
    assertTrue(refused(both, MediaTypes.OCI_MANIFEST).getMessage().contains("members of an index"));
    assertTrue(refused(both, MediaTypes.OCI_INDEX).getMessage().contains("members of a manifest"));
    refused("{\"schemaVersion\":2,\"manifests\":[],\"layers\":null}", MediaTypes.OCI_INDEX);
    refused("{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}", MediaTypes.OCI_INDEX);
  }

  @Test
  void parse_anotherMediaTypeThanItsDescriptor() {
    refused(
        "{\"schemaVersion\":2,\"mediaType\":\""
            + MediaTypes.OCI_INDEX
            + "\",\"config\":"
            + CONFIG
            + ",\"layers\":[]}",
        MediaTypes.OCI_MANIFEST);
  }

  @Test
  void parse_namesThatDifferInCase() {
    assertTrue(
        refused(
                "{\"schemaVersion\":2,\"config\":" + CONFIG + ",\"layers\":[],\"Layers\":[]}",
                MediaTypes.OCI_MANIFEST)
            .getMessage()
            .contains("some readers take for layers"));
    refused(
        "{\"schemaVersion\":2,\"config\":"
            + CONFIG.replace("\"digest\"", "\"Digest\":\"x\",\"digest\"")
            + ",\"layers\":[]}",
        MediaTypes.OCI_MANIFEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"schemaVersion\":1,\"fsLayers\":[]}",
        "{\"schemaVersion\":2,\"fsLayers\":[],\"config\":{},\"layers\":[]}",
        "{\"schemaVersion\":2}",
        "{\"schemaVersion\":2,\"config\":null,\"layers\":[]}",
        "{\"schemaVersion\":\"2\",\"layers\":[]}",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a\",\"digest\":\"sha256:../../x\",\"size\":1},\"layers\":[]}",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a\",\"size\":1},\"layers\":[]}"
      })
  void parse_malformedManifest(String text) {
    refused(text, MediaTypes.OCI_MANIFEST);
  }

  @Test
  void parse_sizes() {
    for (String size : List.of("-1", "1.5", "\"7\"", "9223372036854775808")) {
      refused(
          "{\"schemaVersion\":2,\"config\":"
              + CONFIG.replace("\"size\":2", "\"size\":" + size)
              + ",\"layers\":[]}",
          MediaTypes.OCI_MANIFEST);
    }
    String layers = (CONFIG + ",").repeat(1001);
    assertTrue(
        refused(
                "{\"schemaVersion\":2,\"config\":"
                    + CONFIG
                    + ",\"layers\":["
                    + layers.substring(0, layers.length() - 1)
                    + "]}",
                MediaTypes.OCI_MANIFEST)
            .getMessage()
            .contains("at most 1000"));
  }

  @Test
  void parse_unknownMediaTypes() {
    refused("{}", "text/html");
    assertTrue(
        refused("{}", "application/vnd.docker.distribution.manifest.v1+prettyjws")
            .getMessage()
            .contains("schema 1"));
    EngineException large =
        assertThrows(
            EngineException.class,
            () ->
                ImageDocument.parse(
                    new byte[ImageDocument.MAX_SIZE + 1], MediaTypes.OCI_INDEX, "index"));
    assertTrue(String.valueOf(large.getMessage()).contains("at most"));
  }

  @Test
  void parse_damagedAnywhere() {
    byte[] good =
        new ImageManifest(
                MediaTypes.OCI_MANIFEST,
                null,
                new Descriptor(MediaTypes.OCI_CONFIG, Digest.parse(D), 2),
                List.of(),
                null,
                Map.of())
            .bytes();
    Random random = new Random(11);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      try {
        ImageDocument.parse(bytes, MediaTypes.OCI_MANIFEST, "m");
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
      }
    }
  }

  @Test
  void config_everything() {
    ImageConfig config =
        ImageConfig.parse(
            utf8(
                """
                {"created":"2026-01-02T03:04:05.678+01:00","architecture":"aarch64","os":"linux",
                 "config":{"User":"web:www","Env":["A=b"],"Entrypoint":"/init","Cmd":["x","y"],
                  "WorkingDir":"/srv","ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":{}},
                  "Labels":{"l":"1"},"StopSignal":"SIGQUIT","ArgsEscaped":true,
                  "Healthcheck":{"Test":["CMD","true"],"Interval":1000000000,"Retries":3}},
                 "rootfs":{"type":"layers","diff_ids":["%s"]},
                 "history":[{"created_by":"COPY","created":"2026-01-02T03:04:05Z"},{"empty_layer":true}]}
                """
                    .formatted(D)),
            "config");
    assertEquals("2026-01-02T02:04:05.678Z", String.valueOf(config.created()));
    assertEquals("linux/arm64", config.platform().toString());
    ContainerConfig run = config.config();
    assertEquals(List.of("/init"), run.entrypoint());
    assertEquals(List.of("x", "y"), run.cmd());
    assertEquals("web:www", run.user());
    assertEquals("SIGQUIT", run.stopSignal());
    assertTrue(run.exposedPorts().contains("80/tcp") && run.volumes().contains("/data"));
    assertEquals(
        Duration.ofSeconds(1), run.healthcheck() == null ? null : run.healthcheck().interval());
    assertEquals(List.of(Digest.parse(D)), config.diffIds());
    assertTrue(config.history().get(1).emptyLayer());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"architecture\":\"amd64\",\"os\":\"linux\"}",
        "{\"rootfs\":{\"diff_ids\":[]}}",
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"disk\"}}",
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"x\"]}}",
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Env\":[1]}}",
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[]},\"config\":[]}"
      })
  void config_malformed(String text) {
    EngineException e =
        assertThrows(EngineException.class, () -> ImageConfig.parse(utf8(text), "config"));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
  }

  @Test
  void dockerArchive_throughBytesAndBack() {
    List<DockerArchiveEntry> entries =
        List.of(
            new DockerArchiveEntry("a.json", List.of("busybox:latest"), List.of("l/layer.tar")),
            new DockerArchiveEntry("b.json", List.of(), List.of()));
    assertEquals(entries, DockerArchiveEntry.parse(DockerArchiveEntry.bytes(entries)));
    assertThrows(EngineException.class, () -> DockerArchiveEntry.parse(utf8("[]")));
    assertThrows(EngineException.class, () -> DockerArchiveEntry.parse(utf8("{}")));
    assertThrows(EngineException.class, () -> DockerArchiveEntry.parse(utf8("[1]")));
  }

  @Test
  void layout_versions() {
    OciLayout.checkMarker(OciLayout.marker());
    assertThrows(
        EngineException.class,
        () -> OciLayout.checkMarker(utf8("{\"imageLayoutVersion\":\"2.0.0\"}")));
    assertEquals("blobs/sha256/" + D.substring(7), OciLayout.blobPath(Digest.parse(D)));
  }

  @Test
  void mediaTypes_kinds() {
    assertTrue(MediaTypes.isLayer(MediaTypes.DOCKER_LAYER_GZIP));
    assertTrue(MediaTypes.isGzipLayer(MediaTypes.OCI_LAYER_GZIP));
    assertTrue(MediaTypes.isZstdLayer(MediaTypes.OCI_LAYER_ZSTD));
    assertTrue(MediaTypes.isForeignLayer(MediaTypes.DOCKER_FOREIGN_LAYER_GZIP));
    assertFalse(MediaTypes.isLayer(MediaTypes.OCI_LAYER_GZIP + "+encrypted"));
    assertFalse(MediaTypes.isImageConfig(MediaTypes.OCI_EMPTY));
  }

  @Test
  void runtimeSpec_keepsWhatItDoesNotKnow() {
    String text =
        "{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":true,\"args\":[\"sh\"],\"x\":1e3},"
            + "\"root\":{\"path\":\"rootfs\"},\"annotations\":{\"a\":\"b\"},\"hooks\":{\"poststop\":[{\"path\":\"/x\"}]},"
            + "\"linux\":{\"cgroupsPath\":\"/a/b\",\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}]}}";
    RuntimeSpec spec = RuntimeSpec.parse(utf8(text));
    assertTrue(spec.terminal());
    assertEquals(List.of("sh"), spec.args());
    assertEquals("rootfs", spec.rootPath());
    assertEquals("/a/b", spec.cgroupsPath());
    assertEquals(Map.of("pid", "", "network", "/n"), spec.namespaces());
    assertEquals(Map.of("a", "b"), spec.annotations());
    assertEquals("1.3.0", spec.ociVersion());
    assertEquals(text.replace("1e3", "1E+3"), new String(spec.bytes(), StandardCharsets.UTF_8));
  }
}
