package org.felucca.api.containerd;

import io.grpc.BindableService;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.containerd.wire.introspection.Plugin;
import org.felucca.api.containerd.wire.types.Platform;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.ContentService;
import org.felucca.api.diff.LayerService;
import org.felucca.api.event.EventLog;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.ImageStore;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.shim.ShimService;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.api.task.TaskService;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * The services that are there now, under the types and ids by which clients of containerd look for
 * them. What can't be used is left out: clients take an initialization error for a broken engine.
 */
final class PluginList {
  /** What runs containers; clients rely on its platforms. */
  static final String RUNTIME_TYPE = "io.containerd.runtime.v2";

  /** The id of that. */
  static final String RUNTIME_ID = "task";

  private static final String SNAPSHOTTER_TYPE = "io.containerd.snapshotter.v1";
  private static final String DIFFER_TYPE = "io.containerd.differ.v1";
  private static final String SERVICE_TYPE = "io.containerd.service.v1";
  private static final String GRPC_TYPE = "io.containerd.grpc.v1";

  /** The URIs that shims take for a task's output. */
  private static final String LOG_SCHEMES = "binary,fifo,file";

  private record Row(String type, String id, Class<?> contract) {}

  private static final List<Row> ROWS =
      List.of(
          new Row("io.containerd.content.v1", "content", BlobStore.class),
          new Row(DIFFER_TYPE, "walking", LayerService.class),
          new Row("io.containerd.event.v1", "exchange", EventLog.class),
          new Row("io.containerd.gc.v1", "scheduler", Collector.class),
          new Row("io.containerd.lease.v1", "manager", LeaseStore.class),
          new Row("io.containerd.metadata.v1", "sqlite", ContentService.class),
          new Row(RUNTIME_TYPE, RUNTIME_ID, TaskService.class),
          new Row("io.containerd.shim.v1", "manager", ShimService.class),
          new Row(SERVICE_TYPE, "containers-service", ContainerStore.class),
          new Row(SERVICE_TYPE, "content-service", ContentService.class),
          new Row(SERVICE_TYPE, "diff-service", LayerService.class),
          new Row(SERVICE_TYPE, "images-service", ImageStore.class),
          new Row(SERVICE_TYPE, "namespaces-service", NamespaceStore.class),
          new Row(SERVICE_TYPE, "snapshots-service", SnapshotService.class),
          new Row(SERVICE_TYPE, "tasks-service", TaskService.class));

  private final BundleContext context;
  private final Swap<SnapshotService> snapshots;

  PluginList(BundleContext context, Swap<SnapshotService> snapshots) {
    this.context = context;
    this.snapshots = snapshots;
  }

  /** All of them, by type and id. */
  List<Plugin> all() {
    List<Plugin> plugins = new ArrayList<>();
    for (Row row : ROWS) {
      ServiceReference<?> reference = context.getServiceReference(row.contract());
      if (reference != null) {
        plugins.add(plugin(row.type(), row.id(), reference));
      }
    }
    for (ServiceReference<Snapshotter> reference : references(Snapshotter.class)) {
      if (reference.getProperty(Snapshotter.NAME) instanceof String name && usable(name)) {
        plugins.add(plugin(SNAPSHOTTER_TYPE, name, reference));
      }
    }
    for (ServiceReference<Runtime> reference : references(Runtime.class)) {
      if (reference.getProperty(Runtime.NAME) instanceof String name) {
        plugins.add(plugin("org.felucca.runtime.v1", name, reference));
      }
    }
    for (ServiceReference<BindableService> reference : references(BindableService.class)) {
      BindableService service = context.getService(reference);
      if (service != null) {
        String name = service.bindService().getServiceDescriptor().getName();
        context.ungetService(reference);
        plugins.add(plugin(GRPC_TYPE, grpcId(name), reference));
      }
    }
    plugins.sort(Comparator.comparing(Plugin::getType).thenComparing(Plugin::getId));
    return plugins;
  }

  private boolean usable(String snapshotter) {
    try {
      return snapshots.use(service -> service.snapshotter(snapshotter).usable());
    } catch (EngineException e) {
      return false; // it is just going
    }
  }

  /** As containerd calls them: {@code containerd.services.images.v1.Images} is {@code images}. */
  static String grpcId(String service) {
    return switch (service) {
      case "containerd.services.sandbox.v1.Store" -> "sandboxes";
      case "containerd.services.sandbox.v1.Controller" -> "sandbox-controllers";
      default -> {
        String[] names = service.split("\\.");
        yield service.startsWith("containerd.services.") && names.length > 2 ? names[2] : service;
      }
    };
  }

  private <T> Collection<ServiceReference<T>> references(Class<T> contract) {
    try {
      return context.getServiceReferences(contract, null);
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("no filter is no wrong filter", e);
    }
  }

  private static Plugin plugin(String type, String id, ServiceReference<?> reference) {
    Plugin.Builder plugin = Plugin.newBuilder().setType(type).setId(id);
    var bundle = reference.getBundle();
    if (bundle != null) {
      plugin.putExports("bundle", bundle.getSymbolicName());
      plugin.putExports("version", bundle.getVersion().toString());
    }
    if (type.equals(RUNTIME_TYPE)) {
      plugin.putExports("log-uri-schemes", LOG_SCHEMES).addPlatforms(host());
    } else if (type.equals(DIFFER_TYPE) || type.equals(SNAPSHOTTER_TYPE)) {
      plugin.addPlatforms(host());
    }
    return plugin.build();
  }

  private static Platform host() {
    org.felucca.api.image.Platform host = org.felucca.api.image.Platform.host();
    String variant = host.variant();
    return Platform.newBuilder()
        .setOs(host.os())
        .setArchitecture(host.architecture())
        .setVariant(variant == null ? "" : variant)
        .build();
  }
}
