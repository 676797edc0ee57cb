import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.felucca.api.Durability;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.event.EventLog;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Mounts;
import org.felucca.metadata.CollectionPlan;
import org.felucca.metadata.Database;
import org.felucca.metadata.SnapshotRecords;
import org.felucca.metadata.Snapshotters;
import org.felucca.snapshot.btrfs.BtrfsSnapshotter;
import org.felucca.snapshot.copies.NativeSnapshotter;
import org.felucca.snapshot.erofs.ErofsSnapshotter;
import org.felucca.snapshot.overlay.OverlaySnapshotter;
import org.osgi.framework.BundleContext;

/**
 * Measures, in one process and by turns, a bare mount and umount of a snapshot over many layers and
 * what the store of snapshots takes to prepare and remove a container's snapshot over as many.
 * Prints medians in ms: bare, ours, ours with the wait until the files are gone.
 *
 * <p>java -cp 'distribution/target/felucca/bundles/*' bench/Snapshots.java FOLDER LAYERS RUNS
 * [SNAPSHOTTER]
 */
public final class Snapshots {
  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    int layers = Integer.parseInt(arguments[1]);
    int runs = Integer.parseInt(arguments[2]);
    String name = arguments.length > 3 ? arguments[3] : "overlayfs";
    BundleContext context = properties(Map.of("felucca.root", root.toString()));
    EventLog events = (EventLog) silent(EventLog.class);
    Database database = new Database(events, new CollectionPlan(), context);
    Snapshotters snapshotters = new Snapshotters(database);
    Method add = Snapshotters.class.getDeclaredMethod("add", Object.class, Supplier.class, Map.class);
    add.setAccessible(true);
    Snapshotter used =
        switch (name) {
          case "native" -> new NativeSnapshotter(context);
          case "btrfs" -> new BtrfsSnapshotter(context);
          case "erofs" -> new ErofsSnapshotter(context);
          default -> new OverlaySnapshotter(context);
        };
    Supplier<Snapshotter> source = () -> used;
    add.invoke(snapshotters, name, source, Map.of(Snapshotter.NAME, name));
    SnapshotRecords snapshots = new SnapshotRecords(database, snapshotters);
    // As the engine makes the snapshot of a container: it is the record of that which is synced.
    Scope scope = Scope.of(new Namespace("bench")).withDurability(Durability.ENGINE_CRASH);
    String top = null;
    for (int i = 0; i < layers; i++) {
      snapshots.prepare(scope, name, "extract" + i, top, Map.of());
      snapshots.commit(scope, name, "layer" + i, "extract" + i, Map.of());
      top = "layer" + i;
    }
    Mount mount = snapshots.prepare(scope, name, "mounted", top, Map.of()).getFirst();
    String target = Files.createDirectory(root.resolve("target")).toString();
    long[] bare = new long[runs];
    long[] ours = new long[runs];
    long[] gone = new long[runs];
    Path files = root.resolve("snapshots").resolve(name);
    long kept = count(files);
    for (int i = -runs / 4; i < runs; i++) {
      long begin = System.nanoTime();
      Mounts.mount(mount.type(), mount.source(), target, mount.options());
      Mounts.unmount(target, 0);
      long between = System.nanoTime();
      snapshots.prepare(scope, name, "run" + i, top, Map.of());
      snapshots.remove(scope, name, "run" + i);
      long end = System.nanoTime();
      // So that no deletion runs beside the bare mount that comes next.
      while (count(files) > kept) {
        Thread.sleep(0, 100_000);
      }
      if (i >= 0) { // what came before has warmed it up
        bare[i] = between - begin;
        ours[i] = end - between;
        gone[i] = System.nanoTime() - between;
      }
    }
    System.out.printf("%.3f %.3f %.3f%n", median(bare), median(ours), median(gone));
    System.exit(0);
  }

  private static long count(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  private static double median(long[] nanos) {
    Arrays.sort(nanos);
    return nanos[nanos.length / 2] / 1e6;
  }

  private static BundleContext properties(Map<String, String> properties) {
    return (BundleContext)
        Proxy.newProxyInstance(
            Snapshots.class.getClassLoader(),
            new Class<?>[] {BundleContext.class},
            (proxy, method, given) ->
                method.getName().equals("getProperty") ? properties.get(given[0]) : null);
  }

  private static Object silent(Class<?> type) {
    return Proxy.newProxyInstance(
        Snapshots.class.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, given) ->
            method.getReturnType() == long.class
                ? 0L
                : List.class.isAssignableFrom(method.getReturnType()) ? List.of() : null);
  }
}
