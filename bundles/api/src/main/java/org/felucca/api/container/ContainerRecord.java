package org.felucca.api.container;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.felucca.api.TypedBytes;
import org.jspecify.annotations.Nullable;

/**
 * The record of a container, with the fields that containerd's API gives it.
 *
 * @param id its id
 * @param labels its labels; unmodifiable
 * @param image the name of the image that it was made from; empty if none
 * @param runtime the name of its runtime; as the client gave it, an alias perhaps
 * @param runtimeOptions the options for it, or null
 * @param spec the OCI runtime spec, byte for byte as the client gave it, or null
 * @param snapshotter the snapshotter of its root file system; empty if none
 * @param snapshotKey the snapshot of its root file system; empty if none
 * @param sandbox the sandbox that it belongs to; empty if none
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 * @param extensions what clients keep with it; unmodifiable
 */
public record ContainerRecord(
    ContainerId id,
    Map<String, String> labels,
    String image,
    String runtime,
    @Nullable TypedBytes runtimeOptions,
    @Nullable TypedBytes spec,
    String snapshotter,
    String snapshotKey,
    String sandbox,
    Instant createdAt,
    Instant updatedAt,
    Map<String, TypedBytes> extensions) {

  /** The label that holds the name that people call a container by; unique in a namespace. */
  public static final String NAME_LABEL = "felucca.name";

  /** Copies the collections. */
  public ContainerRecord {
    labels = Map.copyOf(labels);
    extensions = Map.copyOf(extensions);
  }

  /** The name that people call it by: its name label, else its id. */
  public String name() {
    return labels.getOrDefault(NAME_LABEL, id.value());
  }

  /** With other labels. */
  public ContainerRecord withLabels(Map<String, String> other) {
    return new ContainerRecord(
        id,
        other,
        image,
        runtime,
        runtimeOptions,
        spec,
        snapshotter,
        snapshotKey,
        sandbox,
        createdAt,
        updatedAt,
        extensions);
  }

  /** With another spec. */
  public ContainerRecord withSpec(TypedBytes other) {
    return new ContainerRecord(
        id,
        labels,
        image,
        runtime,
        runtimeOptions,
        other,
        snapshotter,
        snapshotKey,
        sandbox,
        createdAt,
        updatedAt,
        extensions);
  }

  /** With something kept under a name. */
  public ContainerRecord withExtension(String name, TypedBytes value) {
    Map<String, TypedBytes> more = new HashMap<>(extensions);
    more.put(name, value);
    return new ContainerRecord(
        id,
        labels,
        image,
        runtime,
        runtimeOptions,
        spec,
        snapshotter,
        snapshotKey,
        sandbox,
        createdAt,
        updatedAt,
        more);
  }
}
