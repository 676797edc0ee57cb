package org.felucca.api.containerd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.apache.felix.framework.FrameworkFactory;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.ContentService;
import org.felucca.api.event.EventLog;
import org.felucca.api.image.ImageStore;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.content.FileBlobStore;
import org.felucca.events.SegmentedEventLog;
import org.felucca.metadata.Blobs;
import org.felucca.metadata.CollectionPlan;
import org.felucca.metadata.ContainerRecords;
import org.felucca.metadata.ContentRecords;
import org.felucca.metadata.Database;
import org.felucca.metadata.ImageRecords;
import org.felucca.metadata.LeaseRecords;
import org.felucca.metadata.NamespaceRecords;
import org.felucca.metadata.SnapshotRecords;
import org.felucca.metadata.Snapshotters;
import org.felucca.metadata.SnapshottersByHand;
import org.felucca.snapshot.copies.NativeSnapshotter;
import org.junit.jupiter.api.function.Executable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;

/** The services over the real records and blobs, in a real framework, on a real gRPC server. */
final class TestingStores implements AutoCloseable {
  private final Framework framework;
  private final BundleContext context;
  private final NamespacesService namespaces;
  private final ContainersService containers;
  private final ImagesService images;
  private final BlobsService blobs;
  private final LeasesService leases;
  private final IntrospectionService introspection;
  private final SnapshotsService snapshots;
  private final TestingServer server;

  TestingStores(Path root) throws Exception {
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    root.resolve("cache").toString(),
                    "felucca.root",
                    root.toString()));
    framework.start();
    context = framework.getBundleContext();
    EventLog events = new SegmentedEventLog(context);
    CollectionPlan plan = new CollectionPlan();
    Database database = new Database(events, plan, context);
    BlobStore files = new FileBlobStore(context);
    register(BlobStore.class, files);
    register(EventLog.class, events);
    register(NamespaceStore.class, new NamespaceRecords(database));
    register(ContainerStore.class, new ContainerRecords(database));
    register(ImageStore.class, new ImageRecords(database));
    register(LeaseStore.class, new LeaseRecords(database, plan));
    Snapshotters snapshotters = new Snapshotters(database);
    SnapshottersByHand.add(snapshotters, "native", new NativeSnapshotter(context));
    register(SnapshotService.class, new SnapshotRecords(database, snapshotters));
    register(ContentService.class, new ContentRecords(database, new Blobs(database, files)));
    namespaces = new NamespacesService(context);
    containers = new ContainersService(context);
    images = new ImagesService(context);
    blobs = new BlobsService(context);
    leases = new LeasesService(context);
    introspection = new IntrospectionService(context);
    snapshots = new SnapshotsService(context);
    server =
        new TestingServer(namespaces, containers, images, blobs, leases, introspection, snapshots);
  }

  <T> void register(Class<T> contract, T service) {
    context.registerService(contract, service, null);
  }

  BundleContext context() {
    return context;
  }

  Channel plain() {
    return server.plain();
  }

  Channel in(String namespace) {
    return server.in(namespace);
  }

  Channel in(String namespace, String lease) {
    return server.in(namespace, lease);
  }

  static String digest(byte[] bytes) throws Exception {
    return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  static void assertCode(Status.Code code, Executable call) {
    StatusRuntimeException failure = assertThrows(StatusRuntimeException.class, call);
    assertEquals(code, failure.getStatus().getCode(), failure.getMessage());
  }

  @Override
  public void close() {
    server.close();
    namespaces.close();
    containers.close();
    images.close();
    blobs.close();
    leases.close();
    introspection.close();
    snapshots.close();
    try {
      framework.stop();
      framework.waitForStop(30_000);
    } catch (BundleException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
