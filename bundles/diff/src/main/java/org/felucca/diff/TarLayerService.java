package org.felucca.diff;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.diff.LayerService;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.LinuxException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Layers as tar archives (OCI image specification, layer.md). */
@Component(configurationPid = "org.felucca.diff")
@Designate(ocd = TarLayerService.Config.class)
public final class TarLayerService implements LayerService {

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
        TreeWriter writer = new TreeWriter(tree.root(), limits, stream::check)) {
      TarReader tar = new TarReader(stream.plain());
      long entries = writer.write(tar);
      tar.drain();
      return entries;
    }
  }

  @Override
  public AppliedLayer compare(List<Mount> lower, List<Mount> upper, OutputStream layer) {
    return threads.call(
        check -> {
          try (MountedTree before = MountedTree.of(lower);
              MountedTree after = MountedTree.of(upper);
              UpperFolder changes = UpperFolder.of(lower, upper)) {
            TarWriter tar = new TarWriter(layer, check);
            new TreeComparison(before.root(), after.root(), changes.dir(), tar).run();
            return tar.finish();
          } catch (LinuxException e) {
            throw Failures.of("compare file systems", e);
          }
        });
  }
}
