package org.felucca.api.container;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a container shall be, by concern; each concern's own defaults are the safe ones. A null in
 * any of them says: as the image or the configuration has it.
 *
 * @param name the name that people will call it by, or null to make one up
 * @param runtime the name of a runtime or alias, or null
 * @param labels further labels of the record; unmodifiable
 * @param annotations annotations of the OCI spec, for the runtime; unmodifiable
 * @param root where its root file system comes from
 * @param process what runs in it
 * @param storage mounts and volumes
 * @param namespaces what it shares with the machine or with another container
 * @param network names and how it resolves names
 * @param security what it may do
 * @param devices devices that it may use
 * @param resources how much it may use
 * @param life how it ends, and what then
 * @param log what becomes of its output
 */
public record CreateOptions(
    @Nullable String name,
    @Nullable String runtime,
    Map<String, String> labels,
    Map<String, String> annotations,
    RootOptions root,
    ProcessOptions process,
    StorageOptions storage,
    NamespaceOptions namespaces,
    NetworkOptions network,
    SecurityOptions security,
    DeviceOptions devices,
    Resources resources,
    LifeOptions life,
    LogOptions log) {

  /** Copies the collections. */
  public CreateOptions {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
  }

  /** The safe defaults for an image. */
  public static CreateOptions of(String image, List<String> command) {
    return of(RootOptions.ofImage(image), ProcessOptions.of(command));
  }

  /** The safe defaults for a root file system and a process. */
  public static CreateOptions of(RootOptions root, ProcessOptions process) {
    return new CreateOptions(
        null,
        null,
        Map.of(),
        Map.of(),
        root,
        process,
        StorageOptions.NONE,
        NamespaceOptions.PRIVATE,
        NetworkOptions.DEFAULT,
        SecurityOptions.DEFAULT,
        DeviceOptions.NONE,
        Resources.UNLIMITED,
        LifeOptions.DEFAULT,
        LogOptions.KEPT);
  }

  /** With a name. */
  public CreateOptions withName(@Nullable String other) {
    return new CreateOptions(
        other,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With a runtime. */
  public CreateOptions withRuntime(@Nullable String other) {
    return new CreateOptions(
        name,
        other,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With labels. */
  public CreateOptions withLabels(Map<String, String> other) {
    return new CreateOptions(
        name,
        runtime,
        other,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With annotations. */
  public CreateOptions withAnnotations(Map<String, String> other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        other,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With another root file system. */
  public CreateOptions withRoot(RootOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        other,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With another process. */
  public CreateOptions withProcess(ProcessOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        other,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With other mounts. */
  public CreateOptions withStorage(StorageOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        other,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With other namespaces. */
  public CreateOptions withNamespaces(NamespaceOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        other,
        network,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With another network. */
  public CreateOptions withNetwork(NetworkOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        other,
        security,
        devices,
        resources,
        life,
        log);
  }

  /** With other rights. */
  public CreateOptions withSecurity(SecurityOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        other,
        devices,
        resources,
        life,
        log);
  }

  /** With other devices. */
  public CreateOptions withDevices(DeviceOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        other,
        resources,
        life,
        log);
  }

  /** With other limits. */
  public CreateOptions withResources(Resources other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        other,
        life,
        log);
  }

  /** With another end. */
  public CreateOptions withLife(LifeOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        other,
        log);
  }

  /** With another log. */
  public CreateOptions withLog(LogOptions other) {
    return new CreateOptions(
        name,
        runtime,
        labels,
        annotations,
        root,
        process,
        storage,
        namespaces,
        network,
        security,
        devices,
        resources,
        life,
        other);
  }
}
