import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.felucca.api.Durability;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.event.EventLog;
import org.felucca.api.gc.Collected;
import org.felucca.content.FileBlobStore;
import org.felucca.metadata.Blobs;
import org.felucca.metadata.CollectionPlan;
import org.felucca.metadata.ContainerRecords;
import org.felucca.metadata.ContentRecords;
import org.felucca.metadata.Database;
import org.felucca.metadata.RecordCollector;
import org.felucca.metadata.SnapshotRecords;
import org.felucca.metadata.Snapshotters;
import org.osgi.framework.BundleContext;

/**
 * Measures, in one process, how fast records of containers come and go, each durable, and how long
 * one that comes waits while many blobs are collected.
 *
 * <p>java -cp 'distribution/target/felucca/bundles/*' bench/Records.java FOLDER BLOBFOLDER
 * CONTAINERS BLOBS
 *
 * <p>Prints: creations a second, deletions a second, ms of the collection, then in ms the median
 * creation without it, the median and the longest beside it.
 */
public final class Records {
  private static final Scope SCOPE = Scope.of(new Namespace("bench"));

  public static void main(String[] arguments) throws Exception {
    int containers = Integer.parseInt(arguments[2]);
    int blobs = Integer.parseInt(arguments[3]);
    BundleContext context = properties(Map.of("felucca.root", arguments[0]));
    Database database = new Database((EventLog) silent(), new CollectionPlan(), context);
    ContainerRecords records = new ContainerRecords(database);
    creations(records, "warm", containers);
    deletions(records, "warm", containers);
    long begin = System.nanoTime();
    List<Long> alone = creations(records, "c", containers);
    long between = System.nanoTime();
    deletions(records, "c", containers);
    long end = System.nanoTime();

    FileBlobStore store = new FileBlobStore(properties(Map.of("felucca.root", arguments[1])));
    Blobs backing = new Blobs(database, store);
    ContentRecords content = new ContentRecords(database, backing);
    // It would collect by itself after half a minute; the blobs are kept until they are all there.
    Scope quick = SCOPE.withDurability(Durability.ENGINE_CRASH);
    Map<String, String> kept = Map.of("containerd.io/gc.root", "1");
    List<org.felucca.api.content.Digest> digests = new ArrayList<>();
    for (int i = 0; i < blobs; i++) {
      byte[] bytes = ("blob " + i).getBytes(StandardCharsets.UTF_8);
      digests.add(content.put(quick, bytes, kept).digest());
    }
    RecordCollector collector =
        new RecordCollector(
            database,
            backing,
            new SnapshotRecords(database, new Snapshotters(database)),
            new CollectionPlan());
    collector.collect();
    for (org.felucca.api.content.Digest digest : digests) {
      content.update(quick, digest, Map.of(), java.util.Set.of("labels"));
    }
    long collected = System.nanoTime();
    CompletableFuture<Collected> collection = new CompletableFuture<>();
    Thread.ofPlatform().daemon().start(() -> collection.complete(collector.collect()));
    List<Long> beside = new ArrayList<>();
    for (int i = 0; !collection.isDone(); i++) {
      beside.addAll(creations(records, "beside" + i + "-", 1));
    }
    long took = System.nanoTime() - collected;
    if (collection.get().blobs() != blobs) {
      throw new AssertionError("collected " + collection.get());
    }
    System.out.printf(
        "%.0f %.0f %.0f %.2f %.2f %.2f%n",
        containers / ((between - begin) / 1e9),
        containers / ((end - between) / 1e9),
        took / 1e6,
        median(alone),
        median(beside),
        Collections.max(beside) / 1e6);
    System.exit(0);
  }

  private static List<Long> creations(ContainerRecords records, String name, int count) {
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long begin = System.nanoTime();
      records.create(SCOPE, container(name + i));
      nanos.add(System.nanoTime() - begin);
    }
    return nanos;
  }

  private static void deletions(ContainerRecords records, String name, int count) {
    for (int i = 0; i < count; i++) {
      records.delete(SCOPE, new ContainerId(name + i));
    }
  }

  private static ContainerRecord container(String id) {
    return new ContainerRecord(
        new ContainerId(id),
        Map.of(),
        "busybox",
        "io.containerd.runc.v2",
        null,
        new TypedBytes(TypedBytes.OCI_SPEC, new byte[8000]),
        "",
        "",
        "",
        Instant.EPOCH,
        Instant.EPOCH,
        Map.of());
  }

  private static double median(List<Long> nanos) {
    List<Long> sorted = new ArrayList<>(nanos);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2) / 1e6;
  }

  private static BundleContext properties(Map<String, String> properties) {
    return (BundleContext)
        Proxy.newProxyInstance(
            Records.class.getClassLoader(),
            new Class<?>[] {BundleContext.class},
            (proxy, method, given) ->
                method.getName().equals("getProperty") ? properties.get(given[0]) : null);
  }

  private static Object silent() {
    return Proxy.newProxyInstance(
        Records.class.getClassLoader(),
        new Class<?>[] {EventLog.class},
        (proxy, method, given) ->
            method.getReturnType() == long.class
                ? 0L
                : List.class.isAssignableFrom(method.getReturnType()) ? List.of() : null);
  }
}
