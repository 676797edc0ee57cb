package org.felucca.oci;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;

/**
 * A view over an OCI runtime spec, {@code config.json} (OCI runtime specification, config.md).
 * Everything of the document stays, what this class does not know included.
 */
public final class RuntimeSpec {
  private static final String WHAT = "runtime spec";

  private final JsonObject json;

  private RuntimeSpec(JsonObject json) {
    this.json = json;
  }

  /**
   * Reads a spec.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static RuntimeSpec parse(byte[] bytes) {
    return new RuntimeSpec(Json.object(bytes, WHAT));
  }

  /**
   * The version of the runtime specification that a spec follows, read no further.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static String ociVersion(byte[] bytes) {
    String member = Json.member(bytes, WHAT, "ociVersion");
    if (member == null) {
      throw EngineException.invalid(WHAT + ": ociVersion is missing");
    }
    if (Json.value(member.getBytes(StandardCharsets.UTF_8), WHAT) instanceof String version) {
      return version;
    }
    throw EngineException.invalid(WHAT + ": ociVersion is no text");
  }

  /**
   * The arguments of the first process of a spec, read no further.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static List<String> args(byte[] bytes) {
    String member = Json.member(bytes, WHAT, "process", "args");
    return member == null
        ? List.of()
        : Json.object(("{\"args\":" + member + "}").getBytes(StandardCharsets.UTF_8), WHAT)
            .strings("args");
  }

  /** The document itself. */
  public JsonObject json() {
    return json;
  }

  /** The version of the runtime specification that it follows. */
  public String ociVersion() {
    return json.requiredString("ociVersion");
  }

  /** The first process. */
  public JsonObject process() {
    return json.requiredObject("process");
  }

  /** Whether the first process has a terminal; false without a process. */
  public boolean terminal() {
    JsonObject process = json.object("process");
    return process != null && process.bool("terminal", false);
  }

  /** The arguments of the first process. */
  public List<String> args() {
    return process().strings("args");
  }

  /** Where the root file system is, relative to the bundle; empty if not said. */
  public String rootPath() {
    JsonObject root = json.object("root");
    return root == null ? "" : root.string("path", "");
  }

  /** The annotations, in order. */
  public Map<String, String> annotations() {
    return json.stringMap("annotations");
  }

  /** Where its cgroups are to be; empty if not said. */
  public String cgroupsPath() {
    JsonObject linux = json.object("linux");
    return linux == null ? "" : linux.string("cgroupsPath", "");
  }

  /** The namespaces, by type: the path of the one that it joins, or an empty text for a new one. */
  public Map<String, String> namespaces() {
    Map<String, String> namespaces = new java.util.LinkedHashMap<>();
    JsonObject linux = json.object("linux");
    if (linux != null) {
      for (JsonObject namespace : linux.objects("namespaces")) {
        namespaces.put(namespace.requiredString("type"), namespace.string("path", ""));
      }
    }
    return namespaces;
  }

  /** The document as JSON. */
  public byte[] bytes() {
    return json.bytes();
  }
}
