package org.felucca.diff;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Progress;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.diff.Change;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.diff.LayerService;
import org.felucca.api.diff.TreeArchives;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.LinuxException;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Layers as tar archives (OCI image specification, layer.md). */
@Component(configurationPid = "org.felucca.diff")
@Designate(ocd = TarLayerService.Config.class)
public final class TarLayerService implements LayerService, TreeArchives {

  /** What one layer may take; what goes beyond is refused. */
  @ObjectClassDefinition(name = "Felucca layers")
  public @interface Config {
    /** How many entries. */
    @AttributeDefinition(description = "entries of a layer, at most")
    long max_entries() default 10_000_000;

    /** How long when decompressed. */
    @AttributeDefinition(description = "GiB of a layer when decompressed, at most")
    long max_gibibytes() default 1024;

    /** How many times as long when decompressed. */
    @AttributeDefinition(
        description = "how many times as long a layer of more than 1 GiB may get by decompression")
    long max_ratio() default 2000;

    /** What is left free. */
    @AttributeDefinition(description = "MiB of disk that layers leave free")
    long reserve_mebibytes() default 64;
  }

  private final LayerLimits limits;
  private final LayerThreads threads = new LayerThreads();

  /** Starts with limits from the configuration. */
  @Activate
  public TarLayerService(Config config) {
    this(
        new LayerLimits(
            config.max_entries(),
            Math.multiplyExact(config.max_gibibytes(), 1L << 30),
            config.max_ratio(),
            Math.multiplyExact(config.reserve_mebibytes(), 1L << 20)));
  }

  TarLayerService(LayerLimits limits) {
    this.limits = limits;
    Isal.load();
  }

  /** Layers that are being laid out fail with UNAVAILABLE. */
  @Deactivate
  void close() {
    threads.close();
    Isal.unload();
  }

  @Override
  public AppliedLayer apply(
      InputStream layer, String mediaType, List<Mount> mounts, String item, Progress progress) {
    Compression.check(mediaType);
    try (LayerThreads.Turn turn = threads.turn()) {
      LayerStream stream = turn.stream();
      long[] entries = new long[1];
      turn.run(() -> stream.decode(limits), () -> entries[0] = write(stream, mounts));
      stream.pump(layer, item, progress);
      turn.await();
      progress.report(item, "unpacked", stream.size(), stream.size());
      return new AppliedLayer(stream.diffId(), stream.size(), entries[0]);
    } catch (EngineException e) {
      throw e.during("unpack layer " + item);
    }
  }

  private long write(LayerStream stream, List<Mount> mounts) {
    try (MountedTree tree = MountedTree.of(mounts);
        TreeWriter writer = new TreeWriter(tree.root(), limits, stream::check, LayoutRules.LAYER)) {
      TarReader tar = new TarReader(stream.plain());
      long entries = writer.write(tar);
      tar.drain();
      return entries;
    }
  }

  @Override
  public AppliedLayer compare(
      List<Mount> lower, List<Mount> upper, String mediaType, OutputStream layer) {
    Compression compression = Compression.of(mediaType);
    return threads.call(
        check -> {
          try (MountedTree before = MountedTree.reading(lower);
              MountedTree after = MountedTree.reading(upper);
              UpperFolder changes = UpperFolder.of(lower, upper);
              OutputStream out = CompressedOutput.of(compression, layer)) {
            TarWriter tar = new TarWriter(out, check);
            new TreeComparison(
                    before.root(), after.root(), changes.dir(), new Differences.Layer(tar), check)
                .run();
            return tar.finish();
          } catch (LinuxException e) {
            throw Failures.of("compare file systems", e);
          } catch (IOException e) {
            throw EngineException.internal("write a layer: " + e, e);
          }
        });
  }

  @Override
  public void changes(List<Mount> lower, List<Mount> upper, Consumer<Change> sink) {
    threads.call(
        check -> {
          try (MountedTree before = MountedTree.reading(lower);
              MountedTree after = MountedTree.reading(upper);
              UpperFolder changes = UpperFolder.of(lower, upper)) {
            new TreeComparison(
                    before.root(), after.root(), changes.dir(), new Differences.Listed(sink), check)
                .run();
            return true;
          } catch (LinuxException e) {
            throw Failures.of("compare file systems", e);
          }
        });
  }

  @Override
  public Optional<FileFacts> stat(Place place) {
    return threads.call(
        check -> {
          try (MountedTree tree = MountedTree.reading(place.tree())) {
            return PathFacts.of(tree.root(), place.path());
          } catch (LinuxException e) {
            throw Failures.of("look at " + Identifiers.quote(place.path()), e);
          }
        });
  }

  @Override
  public void pack(Place place, String name, OutputStream tar) {
    threads.call(
        check -> {
          pack(place, name, tar, check);
          return true;
        });
  }

  private static void pack(Place place, String name, OutputStream tar, Runnable check) {
    try (MountedTree tree = MountedTree.reading(place.tree())) {
      TarWriter writer = new TarWriter(tar, check);
      new TreePacker(writer, check).pack(tree.root(), place.path(), name);
      writer.finish();
    } catch (LinuxException e) {
      throw Failures.of("read " + Identifiers.quote(place.path()), e);
    }
  }

  @Override
  public void unpack(InputStream tar, Place folder, @Nullable Owner owner) {
    try (LayerThreads.Turn turn = threads.turn()) {
      LayerStream stream = turn.stream();
      turn.run(() -> stream.decode(limits), () -> unpack(stream, folder, owner));
      stream.pump(tar, folder.path(), Progress.NONE);
      turn.await();
    }
  }

  private void unpack(LayerStream stream, Place folder, @Nullable Owner owner) {
    try (MountedTree tree = MountedTree.of(folder.tree())) {
      PathFacts.requireFolder(tree.root(), folder.path());
      try (TreeWriter writer =
          new TreeWriter(
              tree.root(), limits, stream::check, LayoutRules.copy(folder.path(), owner))) {
        TarReader tar = new TarReader(stream.plain());
        writer.write(tar);
        tar.drain();
      }
    }
  }

  @Override
  public void copy(Place from, String name, Place folder, @Nullable Owner owner) {
    // One turn for both ends: two copies that had one each would wait for each other.
    try (LayerThreads.Turn turn = threads.turn()) {
      LayerStream stream = turn.stream();
      turn.run(
          () -> unpack(stream, folder, owner),
          () -> {
            try (OutputStream tar = stream.plainInput()) {
              pack(from, name, tar, stream::check);
            } catch (IOException e) {
              throw EngineException.internal("copy " + from.path() + ": " + e, e);
            }
          });
      turn.await();
    }
  }

  @Override
  public List<String> differences(
      List<Mount> one, List<Mount> other, int limit, String item, Progress progress) {
    return threads.call(
        check -> {
          try (MountedTree left = MountedTree.reading(one);
              MountedTree right = MountedTree.reading(other)) {
            return new TreeVerification(
                    limit, check, bytes -> progress.report(item, "comparing", bytes, 0))
                .run(left.root(), right.root());
          } catch (LinuxException e) {
            throw Failures.of("compare file systems", e);
          }
        });
  }
}
