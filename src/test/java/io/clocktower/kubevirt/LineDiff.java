package io.clocktower.kubevirt;

import java.util.ArrayList;
import java.util.List;

/** Which lines two texts do not have in common, in their order: {@code -} of the first, {@code +} of the second. */
final class LineDiff {

    private LineDiff() {}

    static List<String> of(String before, String after) {
        String[] a = before.split("(?<=\n)", -1);
        String[] b = after.split("(?<=\n)", -1);
        int[][] common = new int[a.length + 1][b.length + 1];
        for (int i = a.length - 1; i >= 0; i--) {
            for (int j = b.length - 1; j >= 0; j--) {
                common[i][j] = a[i].equals(b[j])
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<String> lines = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < a.length || j < b.length) {
            if (i < a.length && j < b.length && a[i].equals(b[j])) {
                i++;
                j++;
            } else if (j == b.length || i < a.length && common[i + 1][j] >= common[i][j + 1]) {
                lines.add("-" + shown(a[i++]));
            } else {
                lines.add("+" + shown(b[j++]));
            }
        }
        return lines;
    }

    private static String shown(String line) {
        return line.replace("\r", "\\r").replace("\n", "");
    }
}
