package org.felucca.content;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Blobs as files; see the package. */
@Component
public final class FileBlobStore implements BlobStore {

  private static final Logger LOG = Logger.getLogger(FileBlobStore.class.getName());
  private static final int THREADS = 4;

  private final Folders folders;
  private final DiskThreads threads = new DiskThreads(THREADS);
  private final ConcurrentMap<Path, FileIngest> open = new ConcurrentHashMap<>();
  private final FileIngest.Publisher publisher = new Publisher();

  /** Held while blobs get or lose their names, never while bytes are written. */
  private final ReentrantLock names = new ReentrantLock();

  /** Guarded by {@link #names}: whether new ingests are refused. */
  private boolean stopped;

  /** The store below the engine's root. */
  @Activate
  public FileBlobStore(BundleContext bundle) {
    this(Path.of(bundle.getProperty("felucca.root")).resolve("content"));
  }

  FileBlobStore(Path top) {
    try {
      folders = new Folders(top);
      dropDamagedIngests();
    } catch (IOException e) {
      threads.close();
      throw DiskFailure.of("opening the content store in " + top, e);
    }
  }

  @Deactivate
  void stop() {
    names.lock();
    try {
      stopped = true;
    } finally {
      names.unlock();
    }
    open.values().forEach(FileIngest::stop);
    threads.close();
  }

  @Override
  public BlobInfo stat(Digest digest) {
    return threads.call("looking up blob " + digest, () -> info(digest, attributes(digest)));
  }

  private BasicFileAttributes attributes(Digest digest) throws IOException {
    BasicFileAttributes file;
    try {
      file =
          Files.readAttributes(
              folders.blob(digest), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw missing(digest);
    }
    if (!file.isRegularFile()) {
      throw missing(digest);
    }
    return file;
  }

  private static BlobInfo info(Digest digest, BasicFileAttributes file) {
    return new BlobInfo(digest, file.size(), file.lastModifiedTime().toInstant());
  }

  private static EngineException missing(Digest digest) {
    return EngineException.notFound("blob " + digest + " is not stored");
  }

  @Override
  public BlobReader open(Digest digest) {
    return threads.call(
        "opening blob " + digest,
        () -> {
          FileChannel channel;
          try {
            channel =
                FileChannel.open(
                    folders.blob(digest),
                    Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
          } catch (NoSuchFileException e) {
            throw missing(digest);
          }
          try {
            return new FileBlobReader(digest, channel, channel.size(), threads);
          } catch (IOException e) {
            channel.close();
            throw e;
          }
        });
  }

  @Override
  public Ingest ingest(String ref, long total, @Nullable Digest expected) {
    if (ref.isEmpty() || ref.length() > IngestNote.LONGEST_REF) {
      throw EngineException.invalid(
          "the reference of an ingest takes 1 to %d characters, not %d"
              .formatted(IngestNote.LONGEST_REF, ref.length()));
    }
    if (total < 0) {
      throw EngineException.invalid(
          "ingest %s can't hold %d bytes".formatted(Identifiers.quote(ref), total));
    }
    String tried = "opening ingest " + Identifiers.quote(ref);
    return threads.call(tried, () -> openIngest(tried, ref, total, expected));
  }

  private FileIngest openIngest(String tried, String ref, long total, @Nullable Digest expected)
      throws IOException {
    if (expected != null && Files.exists(folders.blob(expected), LinkOption.NOFOLLOW_LINKS)) {
      Folders.sync(folders.blobs(expected.algorithm()));
      throw EngineException.alreadyExists("blob " + expected + " is stored already");
    }
    Path folder = folders.ingest(ref);
    names.lock();
    try {
      if (stopped) {
        throw DiskThreads.closed(tried);
      }
      if (open.containsKey(folder)) {
        throw EngineException.unavailable(
            tried + " failed: it is open elsewhere; wait for it, or abort it");
      }
      FileIngest ingest = openFiles(ref, total, expected, folder);
      open.put(folder, ingest);
      return ingest;
    } finally {
      names.unlock();
    }
  }

  private FileIngest openFiles(String ref, long total, @Nullable Digest expected, Path folder)
      throws IOException {
    IngestNote before = noteOf(folder);
    IngestNote note =
        before == null
            ? new IngestNote(ref, total, expected, Instant.now())
            : new IngestNote(
                ref,
                total == 0 ? before.total() : total,
                expected == null ? before.expected() : expected,
                before.startedAt());
    if (before == null) {
      Folders.deleteIngest(folder);
      Folders.makeIngest(folder);
    }
    if (!note.equals(before)) {
      note.write(folder);
    }
    FileChannel data =
        FileChannel.open(
            folder.resolve(IngestNote.DATA),
            Set.of(
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(Folders.FILE));
    try {
      Instant updatedAt =
          Files.getLastModifiedTime(folder.resolve(IngestNote.DATA), LinkOption.NOFOLLOW_LINKS)
              .toInstant();
      return new FileIngest(note, folder, data, data.size(), updatedAt, threads, publisher);
    } catch (IOException e) {
      data.close();
      throw e;
    }
  }

  /** The note in a folder; null if there is none, or a crash has damaged it. */
  private static @Nullable IngestNote noteOf(Path folder) {
    try {
      return IngestNote.read(folder);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      LOG.log(Level.WARNING, "ingest damaged, begun anew reason={0}", e.getMessage());
      return null;
    }
  }

  @Override
  public List<IngestStatus> ingests() {
    return threads.call(
        "listing ingests",
        () -> {
          List<IngestStatus> found = new ArrayList<>();
          try (DirectoryStream<Path> all = Files.newDirectoryStream(folders.ingests())) {
            for (Path folder : all) {
              try {
                IngestNote note = IngestNote.read(folder);
                BasicFileAttributes data =
                    Files.readAttributes(
                        folder.resolve(IngestNote.DATA),
                        BasicFileAttributes.class,
                        LinkOption.NOFOLLOW_LINKS);
                found.add(note.status(data.size(), data.lastModifiedTime().toInstant()));
              } catch (NoSuchFileException e) {
                // Committed or aborted meanwhile.
              } catch (IOException e) {
                LOG.log(Level.WARNING, "ingest skipped reason={0}", e.getMessage());
              }
            }
          }
          return found;
        });
  }

  @Override
  public void abort(String ref) {
    Path folder = folders.ingest(ref);
    FileIngest owner = open.get(folder);
    if (owner != null) {
      owner.abort();
    }
    threads.run(
        "aborting ingest " + Identifiers.quote(ref),
        () -> {
          names.lock();
          try {
            if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
              throw EngineException.notFound("there is no ingest " + Identifiers.quote(ref));
            }
            if (open.containsKey(folder)) {
              throw EngineException.unavailable(
                  "ingest " + Identifiers.quote(ref) + " was opened again; abort it again");
            }
            Folders.deleteIngest(folder);
          } finally {
            names.unlock();
          }
        });
  }

  @Override
  public void delete(Digest digest) {
    threads.run(
        "deleting blob " + digest,
        () -> {
          names.lock();
          try {
            Files.delete(folders.blob(digest));
          } catch (NoSuchFileException e) {
            throw missing(digest);
          } finally {
            names.unlock();
          }
        });
  }

  @Override
  public void walk(Consumer<BlobInfo> visitor) {
    List<Digest> digests = threads.call("listing blobs", this::digests);
    for (Digest digest : digests) {
      BlobInfo blob;
      try {
        blob = stat(digest);
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.NOT_FOUND) {
          continue;
        }
        throw e;
      }
      visitor.accept(blob);
    }
  }

  private List<Digest> digests() throws IOException {
    List<Digest> found = new ArrayList<>();
    for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(folders.blobs(algorithm))) {
        for (Path file : all) {
          try {
            found.add(new Digest(algorithm, String.valueOf(file.getFileName())));
          } catch (EngineException e) {
            LOG.log(Level.WARNING, "file skipped path={0} reason=its name is no digest", file);
          }
        }
      }
    }
    return found;
  }

  /** What a crash left of an ingest that nobody can resume. */
  private void dropDamagedIngests() throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folders.ingests())) {
      for (Path folder : all) {
        try {
          IngestNote.read(folder);
          if (Files.exists(folder.resolve(IngestNote.DATA), LinkOption.NOFOLLOW_LINKS)) {
            continue;
          }
        } catch (IOException e) {
          LOG.log(
              Level.WARNING,
              "ingest dropped path={0} reason={1}",
              new Object[] {folder, e.toString()});
        }
        try {
          Folders.deleteIngest(folder);
        } catch (IOException e) {
          LOG.log(
              Level.WARNING,
              "ingest can''t be dropped path={0} reason={1}",
              new Object[] {folder, e.toString()});
        }
      }
    }
  }

  private final class Publisher implements FileIngest.Publisher {

    @Override
    public BlobInfo publish(FileIngest ingest, Digest digest, long size) {
      return threads.call("storing blob " + digest, () -> publishNow(ingest, digest));
    }

    private BlobInfo publishNow(FileIngest ingest, Digest digest) throws IOException {
      Path blob = folders.blob(digest);
      Path data = ingest.folder().resolve(IngestNote.DATA);
      if (!Files.exists(blob, LinkOption.NOFOLLOW_LINKS)) {
        Files.setPosixFilePermissions(data, Folders.BLOB);
        ingest.data().force(true);
      }
      boolean stored;
      names.lock();
      try {
        stored = Files.exists(blob, LinkOption.NOFOLLOW_LINKS);
        if (!stored) {
          Files.move(data, blob, StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        names.unlock();
      }
      // Also for a blob that another ingest has only just named: the caller may rely on it now.
      Folders.sync(folders.blobs(digest.algorithm()));
      Folders.deleteIngest(ingest.folder());
      if (stored) {
        throw EngineException.alreadyExists("blob " + digest + " is stored already");
      }
      return info(digest, attributes(digest));
    }

    @Override
    public void closed(FileIngest ingest) {
      open.remove(ingest.folder(), ingest);
    }
  }
}
