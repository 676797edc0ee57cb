package org.felucca.spec;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.spec.SpecService.Owner;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/** Makes a spec fit for a runtime that is run by hand, as root or as somebody else. */
final class StandaloneSpec {
  private StandaloneSpec() {}

  static byte[] of(byte[] bytes, @Nullable Owner owner) {
    RuntimeSpec spec = RuntimeSpec.parse(bytes);
    JsonObject json = spec.json();
    JsonObject linux = json.objectOrNew("linux");
    linux.remove("cgroupsPath"); // by the name of the container, as the runtime chooses
    if (owner != null) {
      rootless(json, linux, owner);
    }
    return Json.pretty(json).getBytes(StandardCharsets.UTF_8);
  }

  /** Somebody else's processes can't leave a network, count devices or have other groups. */
  private static void rootless(JsonObject json, JsonObject linux, Owner owner) {
    List<JsonObject> namespaces = new ArrayList<>(linux.objects("namespaces"));
    namespaces.removeIf(namespace -> namespace.string("type", "").equals("network"));
    namespaces.add(JsonObject.create("namespace").put("type", "user"));
    linux.put("namespaces", namespaces);
    linux.put("uidMappings", List.of(mapping(owner.uid())));
    linux.put("gidMappings", List.of(mapping(owner.gid())));
    linux.remove("resources");
    linux.remove("sysctl");
    JsonObject process = json.requiredObject("process");
    process.remove("rlimits");
    process.remove("oomScoreAdj");
    JsonObject user = process.objectOrNew("user");
    user.remove("additionalGids");
    List<JsonObject> mounts = new ArrayList<>();
    for (JsonObject mount : json.objects("mounts")) {
      String destination = mount.requiredString("destination");
      if (destination.equals("/sys")) {
        // A new sysfs belongs to the network namespace, which stays the machine's.
        mounts.add(
            JsonObject.create("mount")
                .put("destination", "/sys")
                .put("type", "none")
                .put("source", "/sys")
                .put("options", List.of("rbind", "nosuid", "noexec", "nodev", "ro")));
      } else if (!destination.startsWith("/sys/")) {
        mount.put(
            "options",
            mount.strings("options").stream()
                .filter(option -> !option.startsWith("uid=") && !option.startsWith("gid="))
                .toList());
        mounts.add(mount);
      }
    }
    json.put("mounts", mounts);
  }

  private static JsonObject mapping(long id) {
    return JsonObject.create("mapping").put("containerID", 0).put("hostID", id).put("size", 1);
  }
}
