package org.felucca.itest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.itest.BundleJar.DeclaredComponent;

/**
 * Which bundle of ours may depend on what. This table is the design's; a bundle that isn't in it
 * fails.
 */
final class Arrows {
  private static final String API = "org.felucca.api";
  private static final String OCI = "org.felucca.oci";
  private static final String LINUX = "org.felucca.linux";
  private static final String SWAP = "org.felucca.swap";

  /** Shared by many: what they export is there for others. */
  private static final Set<String> SHARED =
      Set.of("felucca.api", "felucca.oci", "felucca.swap", "felucca.linux");

  private static final Map<String, List<String>> ALLOWED = new HashMap<>();

  static {
    allow("api");
    allow("swap");
    allow("monitor");
    allow("oci", API, "com.fasterxml.jackson");
    allow("linux", "com.sun.jna");
    allow("updater", API, "org.apache.felix.fileinstall");
    part("events");
    part("content");
    part("spec");
    part("registry");
    part("snapshot-overlay");
    part("snapshot-native");
    part("snapshot-btrfs");
    part("snapshot-erofs");
    part("runtime-oci");
    part("metadata", "org.sqlite");
    part("shim", "com.google.protobuf");
    part("diff", "com.github.luben.zstd", "com.sun.jna");
    part("images", "com.github.luben.zstd", "org.apache.commons.compress");
    part("engine", SWAP);
    allow(
        "grpc",
        API,
        LINUX,
        SWAP,
        "io.grpc",
        "io.netty",
        "com.google.protobuf",
        "com.google.common");
    part("api-containerd", SWAP, "io.grpc", "com.google.protobuf", "com.google.common");
    part(
        "shell",
        SWAP,
        "picocli",
        "org.apache.felix.service.command",
        "org.apache.felix.service.threadio",
        "org.apache.felix.gogo",
        "org.jline");
    allow("runc", API);
    allow("crun", API);
  }

  private Arrows() {}

  private static void part(String bundle, String... more) {
    List<String> all = new ArrayList<>(List.of(API, OCI, LINUX));
    all.addAll(List.of(more));
    allow(bundle, all.toArray(String[]::new));
  }

  private static void allow(String bundle, String... packages) {
    ALLOWED.put("felucca." + bundle, List.of(packages));
  }

  /** What a bundle of ours does against the rules; others' bundles may do what they like. */
  static List<String> violations(BundleJar bundle) {
    List<String> violations = new ArrayList<>();
    String name = bundle.name();
    if (!name.startsWith("felucca.") || name.equals("felucca.grpc-libs")) { // others' code
      return violations;
    }
    List<String> allowed = ALLOWED.get(name);
    if (allowed == null) {
      return List.of(name + " has no arrows: the design must say what it may depend on");
    }
    List<String> own = own(name.substring("felucca.".length()));
    for (String imported : bundle.packagesOf("Import-Package")) {
      if (!within(imported, own) && !within(imported, allowed) && !isPlatform(imported)) {
        violations.add(name + " imports " + imported);
      }
    }
    for (String forbidden : List.of("DynamicImport-Package", "Require-Bundle", "Fragment-Host")) {
      if (bundle.headers().containsKey(forbidden)) {
        violations.add(name + " has " + forbidden + ", which goes around its arrows");
      }
    }
    for (String exported : bundle.packagesOf("Export-Package")) {
      if (!SHARED.contains(name)) {
        violations.add(name + " exports " + exported + ", but a part exports nothing");
      } else if (!within(exported, own)) {
        violations.add(name + " exports " + exported + ", which is not its own");
      }
    }
    for (String contained : bundle.packages()) {
      if (!within(contained, own)) {
        violations.add(name + " contains classes of " + contained);
      }
    }
    return violations;
  }

  private static List<String> own(String artifact) {
    List<String> own = new ArrayList<>();
    own.add("org.felucca." + artifact.replace('-', '.'));
    own.add("org.felucca.runtime." + artifact);
    if (artifact.startsWith("snapshot-")) {
      own.add("org.felucca.snapshot.base"); // a copy in each, see docs/decisions/0013
    }
    if (artifact.equals("registry")) {
      own.add("com.electronwill.nightconfig"); // TOML; its jar is a bundle that exports nothing
    }
    if (artifact.equals("snapshot-native")) {
      own.add("org.felucca.snapshot.copies"); // native is a word of Java's
    }
    return own;
  }

  private static boolean isPlatform(String name) {
    return within(name, List.of("java", "javax", "jdk.net", "org.osgi"));
  }

  private static boolean within(String name, List<String> prefixes) {
    return prefixes.stream().anyMatch(p -> name.equals(p) || name.startsWith(p + "."));
  }

  /**
   * The components that can never start, because each waits, perhaps by way of others, for one that
   * waits for it. A service that no component provides comes from elsewhere (the launcher, the
   * framework, code) and counts as there.
   */
  static Set<String> neverStarted(List<DeclaredComponent> components) {
    Set<String> declared = new HashSet<>();
    components.forEach(c -> declared.addAll(c.provides()));
    Set<String> available = new HashSet<>();
    List<DeclaredComponent> waiting = new ArrayList<>(components);
    boolean progress = true;
    while (progress) {
      List<DeclaredComponent> startable =
          waiting.stream()
              .filter(
                  c ->
                      c.requires().stream()
                          .allMatch(s -> !declared.contains(s) || available.contains(s)))
              .toList();
      startable.forEach(c -> available.addAll(c.provides()));
      progress = waiting.removeAll(startable);
    }
    Set<String> names = new HashSet<>();
    waiting.forEach(c -> names.add(c.name()));
    return names;
  }
}
