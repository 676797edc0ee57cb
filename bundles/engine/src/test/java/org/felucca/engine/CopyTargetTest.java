package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.diff.FileFacts.Kind;
import org.junit.jupiter.api.Test;

/** docker's documentation of cp, line by line. */
class CopyTargetTest {
  private static final Map<String, String> FILES =
      Map.of(
          "/",
          "dir",
          "/dir",
          "dir",
          "/dir/sub",
          "dir",
          "/dir/file",
          "file",
          "/other",
          "file",
          "/link",
          "->dir/file",
          "/away",
          "->/dir",
          "/new-link",
          "->/dir/not-yet",
          "/loop",
          "->/loop");

  private static Optional<FileFacts> look(String path) {
    String kind = FILES.get(path);
    if (kind == null) {
      return Optional.empty();
    }
    boolean link = kind.startsWith("->");
    return Optional.of(
        new FileFacts(
            path,
            link ? Kind.LINK : kind.equals("dir") ? Kind.FOLDER : Kind.FILE,
            0644,
            0,
            Instant.EPOCH,
            link ? kind.substring(2) : ""));
  }

  private static String copy(String from, String to) {
    CopyTarget target = CopyTarget.of(from, false, CopyTargetTest::look, to, CopyTargetTest::look);
    return target.source() + " as '" + target.name() + "' in " + target.folder();
  }

  private static void refused(String from, String to) {
    assertThrows(EngineException.class, () -> copy(from, to), from + " " + to);
  }

  @Test
  void of_aFile() {
    assertEquals("/other as 'new' in /dir", copy("/other", "/dir/new"));
    assertEquals("/other as 'file' in /dir", copy("/other", "/dir/file"));
    assertEquals("/other as 'other' in /dir", copy("/other", "/dir"));
    assertEquals("/other as 'other' in /dir", copy("/other", "/dir/"));
    refused("/other", "/dir/new/");
    refused("/other", "/none/new");
    refused("/other", "/dir/file/");
    refused("/other/", "/dir");
    refused("/none", "/dir");
  }

  @Test
  void of_aFolder() {
    assertEquals("/dir as 'new' in /", copy("/dir", "/new"));
    assertEquals("/dir as 'new' in /", copy("/dir/.", "/new/"));
    assertEquals("/dir as 'dir' in /dir/sub", copy("/dir", "/dir/sub"));
    assertEquals("/dir as 'dir' in /dir/sub", copy("/dir/", "/dir/sub"));
    assertEquals("/dir as '' in /dir/sub", copy("/dir/.", "/dir/sub"));
    assertEquals("/ as '' in /dir", copy("/", "/dir"));
    refused("/dir", "/other");
  }

  @Test
  void of_links() {
    assertEquals("/link as 'link' in /dir", copy("/link", "/dir"));
    assertEquals("/dir/file as 'link' in /dir", followed("/link", "/dir"));
    assertEquals("/dir as 'away' in /dir/sub", copy("/away/", "/dir/sub"));
    // The destination: what the link names, also if it is not there yet.
    assertEquals("/other as 'file' in /dir", copy("/other", "/link"));
    assertEquals("/other as 'other' in /dir", copy("/other", "/away"));
    assertEquals("/other as 'not-yet' in /dir", copy("/other", "/new-link"));
    refused("/other", "/loop");
  }

  private static String followed(String from, String to) {
    CopyTarget target = CopyTarget.of(from, true, CopyTargetTest::look, to, CopyTargetTest::look);
    return target.source() + " as '" + target.name() + "' in " + target.folder();
  }
}
