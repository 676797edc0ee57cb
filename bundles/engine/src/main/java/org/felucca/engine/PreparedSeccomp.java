package org.felucca.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.TypedBytes;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.oci.Json;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/**
 * Spares crun the making of a filter that it has made before: for a usual profile that takes it as
 * long as all the rest of a start. crun keeps the filter of each container beside its state, and
 * takes a ready one from an annotation. The profile itself stays in the spec: a crun that does not
 * know the annotation makes the filter as ever.
 */
final class PreparedSeccomp {
  private static final Logger LOG = Logger.getLogger(PreparedSeccomp.class.getName());

  /** crun(1): the filter itself, in base64, instead of the profile. */
  private static final String ANNOTATION = "run.oci.seccomp_bpf_data";

  /** What crun is told of its filters by annotations begins so. */
  private static final String ANNOTATIONS = "run.oci.seccomp";

  private static final String SPEC = "runtime spec";
  private static final String FILE = "seccomp.bpf";
  private static final int MOST = 32;

  /** An instruction of a filter has 8 bytes, and the kernel takes 4096 of them. */
  private static final int INSTRUCTION = 8;

  private static final int LONGEST = 4096 * INSTRUCTION;

  private record Key(String runtime, String profile) {}

  private final Map<Key, String> filters =
      new LinkedHashMap<>(MOST, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, String> eldest) {
          return size() > MOST;
        }
      };

  /** A spec, and where the filter of its container will be if it is not known yet. */
  final class Fitted {
    private final byte[] spec;
    private final @Nullable Key unknown;
    private final @Nullable Path state;

    private Fitted(byte[] spec, @Nullable Key unknown, @Nullable Path state) {
      this.spec = spec;
      this.unknown = unknown;
      this.state = state;
    }

    /** The spec for the runtime. */
    byte[] spec() {
      return spec;
    }

    /** The runtime has made the container, and not deleted it. */
    void made() {
      if (unknown != null && state != null) {
        learn(unknown, state.resolve(FILE));
      }
    }
  }

  /**
   * Adds the filter to a spec if it is known.
   *
   * @param ownOptions of the client, who may have the runtime keep its state anywhere; or null
   */
  Fitted fit(
      TaskKey key, RuntimeLookup.Choice runtime, byte[] spec, @Nullable TypedBytes ownOptions) {
    RuntimeInfo info = runtime.info();
    RuntimeOptions how = runtime.options();
    String root = how == null ? "" : how.root();
    if (info == null
        || !info.version().startsWith("crun ")
        || root.isEmpty()
        || (ownOptions != null && !ownOptions.typeUrl().isEmpty())) {
      return new Fitted(spec, null, null);
    }
    String profile = Json.member(spec, SPEC, "linux", "seccomp");
    if (profile == null || profile.contains("listenerPath")) {
      return new Fitted(spec, null, null);
    }
    String annotations = Json.member(spec, SPEC, "annotations");
    if (annotations != null && annotations.contains(ANNOTATIONS)) {
      return new Fitted(spec, null, null);
    }
    Key wanted = new Key(info.binary() + " " + info.version(), profile);
    String filter;
    synchronized (filters) {
      filter = filters.get(wanted);
    }
    if (filter == null) {
      Path state = Path.of(root, key.namespace().value(), key.id().value());
      return new Fitted(spec, wanted, state);
    }
    return new Fitted(annotated(spec, annotations != null, filter), null, null);
  }

  private static byte[] annotated(byte[] spec, boolean hasAnnotations, String filter) {
    if (hasAnnotations || spec[0] != '{') {
      RuntimeSpec parsed = RuntimeSpec.parse(spec);
      parsed.json().objectOrNew("annotations").put(ANNOTATION, filter);
      return parsed.bytes();
    }
    // Without reading and writing the whole.
    byte[] added =
        "{\"annotations\":{\"%s\":\"%s\"},"
            .formatted(ANNOTATION, filter)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] longer = Arrays.copyOf(added, added.length + spec.length - 1);
    System.arraycopy(spec, 1, longer, added.length, spec.length - 1);
    return longer;
  }

  private void learn(Key key, Path file) {
    byte[] filter;
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > LONGEST) {
        return;
      }
      filter = Files.readAllBytes(file);
    } catch (IOException e) {
      LOG.log(Level.FINE, "filter not read path=" + file, e);
      return;
    }
    if (filter.length > 0 && filter.length % INSTRUCTION == 0) {
      synchronized (filters) {
        filters.put(key, Base64.getEncoder().encodeToString(filter));
      }
    }
  }
}
