package org.felucca.events;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.event.LoggedEvent;
import org.jspecify.annotations.Nullable;

/**
 * The files of the log. One thread appends; any thread reads. A segment is named by a number that
 * no event in an older one reaches; the oldest is dropped when there are too many.
 */
final class Segments implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Segments.class.getName());
  private static final String SUFFIX = ".jsonl";
  private static final int READ_SIZE = 128 * 1024;
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  /** Where a reader is in the files, so that it need not search again. */
  static final class Place {
    private long segment = -1;
    private long offset;
  }

  private final Path folder;
  private final long segmentSize;
  private final int segmentCount;
  private final ConcurrentSkipListMap<Long, Path> segments = new ConcurrentSkipListMap<>();
  private final FileChannel reserved;
  private final long next;
  private final long last;

  /** Used by the appending thread only; null until the first append. */
  private @Nullable FileChannel current;

  /**
   * Opens the files, and cuts off what a crash left of a last line.
   *
   * @param segmentSize how long a segment may grow, in bytes
   * @param segmentCount how many there may be
   */
  Segments(Path folder, long segmentSize, int segmentCount) throws IOException {
    this.folder = folder;
    this.segmentSize = segmentSize;
    this.segmentCount = segmentCount;
    Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    Files.setPosixFilePermissions(folder, FOLDER);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        try {
          segments.put(Long.parseLong(name.substring(0, name.length() - SUFFIX.length())), file);
        } catch (NumberFormatException e) {
          LOG.log(Level.WARNING, "file skipped path={0} reason=its name is no number", file);
        }
      }
    }
    long stored = segments.isEmpty() ? -1 : mend();
    reserved = open(folder.resolve("reserved"));
    long begin = readReserved(stored);
    next = Math.max(stored + 1, begin);
    last = stored >= 0 ? stored : next - 1;
  }

  /** The number that the first event of this run gets. */
  long next() {
    return next;
  }

  /** The number of the newest event of earlier runs. */
  long last() {
    return last;
  }

  /** All events up to this number are gone. */
  long droppedTo() {
    Map.Entry<Long, Path> first = segments.firstEntry();
    return first == null ? next - 1 : first.getKey() - 1;
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
        PosixFilePermissions.asFileAttribute(FILE));
  }

  /** Cuts the newest segment behind its last whole line; answers the newest number. */
  private long mend() throws IOException {
    Map.Entry<Long, Path> newest = segments.lastEntry();
    long found = newest.getKey() - 1;
    try (FileChannel channel = open(newest.getValue())) {
      Lines lines = new Lines(channel, 0);
      long whole = 0;
      for (byte[] line = lines.next(); line != null; line = lines.next()) {
        try {
          found = Math.max(found, EventLine.read(line, "event").sequence());
        } catch (EngineException e) {
          // Reported when it is read.
          LOG.log(Level.FINE, "event damaged", e);
        }
        whole = lines.offset;
      }
      long size = channel.size();
      if (whole < size) {
        LOG.log(
            Level.WARNING,
            "event cut short path={0} bytes={1} next=it is dropped",
            new Object[] {newest.getValue(), size - whole});
        channel.truncate(whole);
      }
    }
    return found;
  }

  private long readReserved(long stored) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(64);
    if (reserved.read(bytes, 0) <= 0) {
      return stored < 0 ? 1 : stored + 1 + SegmentedEventLog.RESERVE;
    }
    try {
      return Long.parseLong(new String(bytes.array(), 0, bytes.position(), US_ASCII).strip());
    } catch (NumberFormatException e) {
      LOG.log(Level.WARNING, "reserved number damaged path={0}", folder.resolve("reserved"));
      return stored + 1 + SegmentedEventLog.RESERVE;
    }
  }

  /**
   * Has the next run begin at this number or later, whatever happens. Overwrites in place: that
   * works on a full disk, and the few bytes of one sector are written whole.
   */
  void reserve(long number) throws IOException {
    boolean first = reserved.size() == 0;
    reserved.write(ByteBuffer.wrap("%020d\n".formatted(number).getBytes(US_ASCII)), 0);
    reserved.force(first);
    if (first) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Appends events, all or (with an exception) none. */
  void append(List<LoggedEvent> events) throws IOException {
    ByteArrayOutputStream lines = new ByteArrayOutputStream(256 * events.size());
    for (LoggedEvent event : events) {
      lines.writeBytes(EventLine.write(event));
    }
    FileChannel channel = channelFor(events.getFirst().sequence());
    long before = channel.size();
    try {
      ByteBuffer bytes = ByteBuffer.wrap(lines.toByteArray());
      long at = before;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    } catch (IOException e) {
      try {
        channel.truncate(before);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private FileChannel channelFor(long sequence) throws IOException {
    FileChannel channel = current;
    if (channel == null && !segments.isEmpty()) {
      channel = open(segments.lastEntry().getValue());
      current = channel;
    }
    if (channel != null && channel.size() < segmentSize) {
      return channel;
    }
    if (channel != null) {
      current = null;
      channel.close();
    }
    Path file = folder.resolve("%020d%s".formatted(sequence, SUFFIX));
    channel = open(file);
    current = channel;
    segments.put(sequence, file);
    while (segments.size() > segmentCount) {
      Map.Entry<Long, Path> oldest = segments.pollFirstEntry();
      Files.deleteIfExists(oldest.getValue());
    }
    return channel;
  }

  /**
   * Reads events in order.
   *
   * @param after only greater numbers
   * @param upTo no greater numbers: what was appended when the caller looked
   * @param most how many at most
   * @return the events; empty if there are none any more, also when the segment was dropped
   *     meanwhile
   */
  List<LoggedEvent> read(Place place, long after, long upTo, int most) throws IOException {
    List<LoggedEvent> found = new ArrayList<>();
    if (place.segment < 0) {
      Map.Entry<Long, Path> start = segments.floorEntry(after + 1);
      if (start == null) {
        start = segments.firstEntry();
      }
      if (start == null) {
        return found;
      }
      place.segment = start.getKey();
      place.offset = 0;
    }
    while (true) {
      Path file = segments.get(place.segment);
      if (file != null) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
          if (!readSegment(channel, file, place, after, upTo, most, found)) {
            return found;
          }
        } catch (NoSuchFileException e) {
          LOG.log(Level.FINE, "segment dropped while it was read", e);
        }
      }
      Long following = segments.higherKey(place.segment);
      if (following == null || following > upTo) {
        return found;
      }
      place.segment = following;
      place.offset = 0;
    }
  }

  /** Answers whether the segment is read to its end and more may be had from the next one. */
  private static boolean readSegment(
      FileChannel channel,
      Path file,
      Place place,
      long after,
      long upTo,
      int most,
      List<LoggedEvent> found)
      throws IOException {
    Lines lines = new Lines(channel, place.offset);
    for (byte[] line = lines.next(); line != null; line = lines.next()) {
      LoggedEvent event;
      try {
        event = EventLine.read(line, "event");
      } catch (EngineException e) {
        LOG.log(
            Level.WARNING,
            "event skipped path={0} offset={1} reason={2} line={3}",
            new Object[] {file, place.offset, e.getMessage(), EventLine.clip(line)});
        place.offset = lines.offset;
        continue;
      }
      if (event.sequence() > upTo) {
        return false;
      }
      place.offset = lines.offset;
      if (event.sequence() > after) {
        found.add(event);
        if (found.size() == most) {
          return false;
        }
      }
    }
    return true;
  }

  /** Puts what was appended on the disk. */
  void sync() throws IOException {
    FileChannel channel = current;
    if (channel != null) {
      channel.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    FileChannel channel = current;
    if (channel != null) {
      channel.close();
    }
    reserved.close();
  }

  /** Whole lines of a file, one after the other. */
  private static final class Lines {
    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(READ_SIZE).limit(0);
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long readTo;

    /** Behind the end of the last line. */
    private long offset;

    Lines(FileChannel channel, long offset) {
      this.channel = channel;
      this.readTo = offset;
      this.offset = offset;
    }

    /** The next line without its end; null if no whole one is left. */
    byte @Nullable [] next() throws IOException {
      line.reset();
      while (true) {
        while (buffer.hasRemaining()) {
          byte b = buffer.get();
          if (b == '\n') {
            offset = readTo - buffer.remaining();
            return line.toByteArray();
          }
          line.write(b);
        }
        buffer.clear();
        int count = channel.read(buffer, readTo);
        buffer.flip();
        if (count <= 0) {
          return null;
        }
        readTo += count;
      }
    }
  }
}
