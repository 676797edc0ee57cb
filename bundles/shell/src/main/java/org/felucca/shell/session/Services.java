package org.felucca.shell.session;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.certificate.CertificateAuthority;
import org.felucca.api.container.ContainerControl;
import org.felucca.api.container.ContainerFiles;
import org.felucca.api.container.ContainerService;
import org.felucca.api.content.ContentService;
import org.felucca.api.event.EventLog;
import org.felucca.api.gc.Collector;
import org.felucca.api.gc.Retention;
import org.felucca.api.image.ImageCareService;
import org.felucca.api.image.ImageExportService;
import org.felucca.api.image.ImageMountService;
import org.felucca.api.image.ImageService;
import org.felucca.api.info.InfoService;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.registry.ImageTransferService;
import org.felucca.api.registry.RegistryClient;
import org.felucca.api.registry.RegistryLogins;
import org.felucca.api.runtime.RuntimeService;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.spec.BundleService;
import org.felucca.api.task.TaskService;
import org.felucca.api.volume.VolumeService;
import org.felucca.swap.Failures.Reason;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** The ways from the shell to the engine; each waits for and drains what is being replaced. */
@Component(service = Services.class)
public final class Services {
  private final Swap<ContainerService> containers;
  private final Swap<ContainerControl> control;
  private final Swap<ContainerFiles> files;
  private final Swap<TaskService> tasks;
  private final Swap<ImageService> images;
  private final Swap<RuntimeService> runtimes;
  private final Swap<InfoService> info;
  private final Swap<EventLog> events;
  private final Swap<NamespaceStore> namespaces;
  private final Swap<SnapshotService> snapshots;
  private final Swap<Collector> collector;
  private final Swap<Retention> retention;
  private final Swap<LeaseStore> leases;
  private final Swap<ContentService> content;
  private final Swap<BundleService> bundles;
  private final Swap<ImageCareService> care;
  private final Swap<ImageMountService> mounts;
  private final Swap<ImageExportService> exports;
  private final Swap<VolumeService> volumes;
  private final Swap<ImageTransferService> transfers;
  private final Swap<RegistryClient> registry;
  private final Swap<RegistryLogins> logins;
  private final Swap<CertificateAuthority> certificates;

  /** Begins to watch. */
  @Activate
  public Services(BundleContext context) {
    containers = new Swap<>(context, ContainerService.class, Services::failure);
    control = new Swap<>(context, ContainerControl.class, Services::failure);
    files = new Swap<>(context, ContainerFiles.class, Services::failure);
    tasks = new Swap<>(context, TaskService.class, Services::failure);
    images = new Swap<>(context, ImageService.class, Services::failure);
    runtimes = new Swap<>(context, RuntimeService.class, Services::failure);
    info = new Swap<>(context, InfoService.class, Services::failure);
    events = new Swap<>(context, EventLog.class, Services::failure);
    namespaces = new Swap<>(context, NamespaceStore.class, Services::failure);
    snapshots = new Swap<>(context, SnapshotService.class, Services::failure);
    collector = new Swap<>(context, Collector.class, Services::failure);
    retention = new Swap<>(context, Retention.class, Services::failure);
    leases = new Swap<>(context, LeaseStore.class, Services::failure);
    content = new Swap<>(context, ContentService.class, Services::failure);
    bundles = new Swap<>(context, BundleService.class, Services::failure);
    care = new Swap<>(context, ImageCareService.class, Services::failure);
    mounts = new Swap<>(context, ImageMountService.class, Services::failure);
    exports = new Swap<>(context, ImageExportService.class, Services::failure);
    volumes = new Swap<>(context, VolumeService.class, Services::failure);
    transfers = new Swap<>(context, ImageTransferService.class, Services::failure);
    registry = new Swap<>(context, RegistryClient.class, Services::failure);
    logins = new Swap<>(context, RegistryLogins.class, Services::failure);
    certificates = new Swap<>(context, CertificateAuthority.class, Services::failure);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    containers.close();
    control.close();
    files.close();
    tasks.close();
    images.close();
    runtimes.close();
    info.close();
    events.close();
    namespaces.close();
    snapshots.close();
    collector.close();
    retention.close();
    leases.close();
    content.close();
    bundles.close();
    care.close();
    mounts.close();
    exports.close();
    volumes.close();
    transfers.close();
    registry.close();
    logins.close();
    certificates.close();
  }

  /** Certificates. */
  public Swap<CertificateAuthority> certificates() {
    return certificates;
  }

  /** Containers. */
  public Swap<ContainerService> containers() {
    return containers;
  }

  /** What containers are told. */
  public Swap<ContainerControl> control() {
    return control;
  }

  /** The files of containers. */
  public Swap<ContainerFiles> files() {
    return files;
  }

  /** Tasks. */
  public Swap<TaskService> tasks() {
    return tasks;
  }

  /** Images. */
  public Swap<ImageService> images() {
    return images;
  }

  /** Runtimes. */
  public Swap<RuntimeService> runtimes() {
    return runtimes;
  }

  /** What the engine says of itself. */
  public Swap<InfoService> info() {
    return info;
  }

  /** Namespaces. */
  public Swap<NamespaceStore> namespaces() {
    return namespaces;
  }

  /** Volumes. */
  public Swap<VolumeService> volumes() {
    return volumes;
  }

  /** Pull and push. */
  public Swap<ImageTransferService> transfers() {
    return transfers;
  }

  /** What registries can be asked. */
  public Swap<RegistryClient> registry() {
    return registry;
  }

  /** Who the engine is at registries. */
  public Swap<RegistryLogins> logins() {
    return logins;
  }

  /** The event log. */
  public Swap<EventLog> events() {
    return events;
  }

  /** Images that leave as archives. */
  public Swap<ImageExportService> exports() {
    return exports;
  }

  /** Mounted images. */
  public Swap<ImageMountService> mounts() {
    return mounts;
  }

  /** Images kept in order. */
  public Swap<ImageCareService> care() {
    return care;
  }

  /** Bundles for runtimes that are run by hand. */
  public Swap<BundleService> bundles() {
    return bundles;
  }

  /** Blobs. */
  public Swap<ContentService> content() {
    return content;
  }

  /** Leases. */
  public Swap<LeaseStore> leases() {
    return leases;
  }

  /** Garbage collection. */
  public Swap<Collector> collector() {
    return collector;
  }

  /** What is kept, and by what. */
  public Swap<Retention> retention() {
    return retention;
  }

  /** Snapshots. */
  public Swap<SnapshotService> snapshots() {
    return snapshots;
  }

  private static EngineException failure(Reason reason, String message, @Nullable Throwable cause) {
    ErrorKind kind = reason == Reason.INTERRUPTED ? ErrorKind.CANCELLED : ErrorKind.UNAVAILABLE;
    return new EngineException(kind, message, cause);
  }
}
