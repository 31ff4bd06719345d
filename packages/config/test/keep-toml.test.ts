// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { codeAndField } from '@motte/test-helpers/errors';
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import { schemaFaults } from '@motte/test-helpers/json-schema';
import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initText, keepSchema } from '../src/keep-schema.js';
import { defaultConfig, parseKeepToml } from '../src/keep-toml.js';

const EVERYTHING = `
args = ["-n", "3"]
threads = 4
memory = "64MiB"
stdin = "null"
[env]
LANG = "C.UTF-8"
LEVEL = { default = "1", measured = false }
TOKEN = { measured = false }
[[files]]
path = "/data"
host = "./data"
mode = "rw"
[[files]]
path = "/etc/app.conf"
host = "app.conf"
[[image]]
path = "/usr/share/app"
source = "./share"
[[listen]]
name = "echo"
address = "127.0.0.1:7000"
[[connect]]
host = "db.local"
port = 5432
[sgx]
version = 1
debug = true
isvprodid = 7
isvsvn = 2
`;

test('a port of TCP and the same of UDP are two', () => {
  const { listen } = parseKeepToml(
    ['tcp', 'udp']
      .map((protocol) => `[[listen]]\nname = "${protocol}"\naddress = "0.0.0.0:53"\nprotocol = "${protocol}"`)
      .join('\n'),
  );
  assert.equal(
    listen.map(({ protocol }) => protocol),
    ['tcp', 'udp'],
  );
});

test('every key is read, and what is left out has its default', () => {
  assert.equal(parseKeepToml(EVERYTHING), {
    args: ['-n', '3'],
    threads: 4,
    memory: 64n << 20n,
    stdin: 'null',
    exec: 'none',
    env: [
      { key: 'LANG', value: 'C.UTF-8', measured: true },
      { key: 'LEVEL', value: '1', measured: false },
      { key: 'TOKEN', measured: false },
    ],
    files: [
      { path: '/data', host: './data', mode: 'rw' },
      { path: '/etc/app.conf', host: 'app.conf', mode: 'ro' },
    ],
    image: [{ path: '/usr/share/app', source: './share' }],
    listen: [{ name: 'echo', address: '127.0.0.1:7000', protocol: 'tcp' }],
    connect: [{ host: 'db.local', port: 5432 }],
    sgx: { version: 1, debug: true, isvprodid: 7, isvsvn: 2 },
  });
});

test('args and env can be left to the host', () => {
  const config = parseKeepToml('args = "host"\nenv = "host"\n');
  assert.is(config.args, 'host');
  assert.is(config.env, 'host');
});

test('the commented Keep.toml of `motte init` is the default', () => {
  assert.equal(parseKeepToml(initText()), defaultConfig());
});

test('the examples in that Keep.toml are valid once their comment marks are gone', () => {
  const text = initText().replace(
    /^# (?=\[\[|(path|host|source|mode|name|address|protocol|port|LANG|VERBOSE) = )/gm,
    '',
  );
  const config = parseKeepToml(text);
  assert.equal(
    [
      config.files.length,
      config.image.length,
      config.listen.length,
      config.connect.length,
      config.env.length,
    ],
    [1, 1, 1, 1, 2],
  );
});

for (const [name, text, expected] of [
  ['not TOML', 'args = [', 'KEEP_SYNTAX Keep.toml'],
  ['a key given twice', 'threads = 1\nthreads = 2', 'KEEP_SYNTAX Keep.toml'],
  ['a prototype key', '__proto__ = 1', 'KEEP_SYNTAX Keep.toml'],
  ['an unknown key', 'memroy = 1', 'KEEP_UNKNOWN_KEY memroy'],
  ['an unknown key in a table', '[sgx]\ndebg = true', 'KEEP_UNKNOWN_KEY sgx.debg'],
  ['an unknown key in an entry', '[[connect]]\nhost = "h"\nprot = 1', 'KEEP_UNKNOWN_KEY connect[0].prot'],
  ['args as a text', 'args = "x"', 'KEEP_VALUE args'],
  ['an argument that is a number', 'args = ["a", 2]', 'KEEP_TYPE args[1]'],
  ['an argument with NUL', 'args = ["a\\u0000b"]', 'CONFIG_TEXT args[0]'],
  ['threads as a text', 'threads = "4"', 'KEEP_TYPE threads'],
  ['threads as a fraction', 'threads = 1.5', 'KEEP_TYPE threads'],
  ['no thread', 'threads = 0', 'KEEP_VALUE threads'],
  ['too many threads', 'threads = 257', 'KEEP_VALUE threads'],
  ['a negative number', 'threads = -1', 'KEEP_VALUE threads'],
  ['memory in decimal units', 'memory = "256MB"', 'KEEP_VALUE memory'],
  ['memory that is no multiple of a page', 'memory = 1048577', 'KEEP_VALUE memory'],
  ['memory beyond the bound', 'memory = "2TiB"', 'KEEP_VALUE memory'],
  ['memory beyond 64 bits', 'memory = "9999999999999999999TiB"', 'KEEP_VALUE memory'],
  ['memory as a date', 'memory = 2026-01-01', 'KEEP_TYPE memory'],
  ['stdin of a third kind', 'stdin = "none"', 'KEEP_VALUE stdin'],
  ['exec of a fourth kind', 'exec = "all"', 'KEEP_VALUE exec'],
  ['exec in SGX1', 'exec = "keep"\nsgx.version = 1', 'KEEP_VALUE exec'],
  ['stdin as a number', 'stdin = 0', 'KEEP_TYPE stdin'],
  ['env as a text', 'env = "hosts"', 'KEEP_VALUE env'],
  ['env as an array', 'env = []', 'KEEP_TYPE env'],
  ['a variable that is a number', '[env]\nK = 1', 'KEEP_TYPE env.K'],
  ['a variable with = in its name', '[env]\n"A=B" = "1"', 'KEEP_VALUE env."A=B"'],
  ['a variable without a name', '[env]\n"" = "1"', 'KEEP_VALUE env.""'],
  ['a table without measured', '[env]\nK = { default = "v" }', 'KEEP_MISSING env.K'],
  [
    'a table that says measured',
    '[env]\nK = { default = "v", measured = true }',
    'KEEP_VALUE env.K.measured',
  ],
  [
    'a table with another key',
    '[env]\nK = { fallback = "v", measured = false }',
    'KEEP_UNKNOWN_KEY env.K.fallback',
  ],
  ['a file without host', '[[files]]\npath = "/a"', 'KEEP_MISSING files[0]'],
  ['a relative path', '[[files]]\npath = "a"\nhost = "b"', 'KEEP_VALUE files[0].path'],
  ['a path with ..', '[[files]]\npath = "/a/../b"\nhost = "b"', 'KEEP_VALUE files[0].path'],
  ['a path with a slash at its end', '[[files]]\npath = "/a/"\nhost = "b"', 'KEEP_VALUE files[0].path'],
  ['a mode that writes only', '[[files]]\npath = "/a"\nhost = "b"\nmode = "w"', 'KEEP_VALUE files[0].mode'],
  [
    'a path twice',
    '[[files]]\npath = "/a"\nhost = "b"\n[[files]]\npath = "/a"\nhost = "c"',
    'KEEP_DUPLICATE files[1].path',
  ],
  ['the root', '[[files]]\npath = "/"\nhost = "b"', 'KEEP_VALUE files[0].path'],
  ['what the Keep has itself', '[[files]]\npath = "/tmp"\nhost = "b"', 'KEEP_VALUE files[0].path'],
  ['a device', '[[files]]\npath = "/dev/sda"\nhost = "b"', 'KEEP_VALUE files[0].path'],
  [
    'a grant within another',
    '[[files]]\npath = "/a/b"\nhost = "b"\n[[files]]\npath = "/a"\nhost = "c"',
    'KEEP_VALUE files[0].path',
  ],
  [
    'more grants than there are handles',
    Array.from({ length: 65 }, (_, i) => `[[files]]\npath = "/f${i}"\nhost = "b"`).join('\n'),
    'KEEP_VALUE files[64].path',
  ],
  ['an image file without source', '[[image]]\npath = "/a"', 'KEEP_MISSING image[0]'],
  ['an image file that is relative', '[[image]]\npath = "a"\nsource = "b"', 'KEEP_VALUE image[0].path'],
  ['an image file in /proc', '[[image]]\npath = "/proc/a"\nsource = "b"', 'KEEP_VALUE image[0].path'],
  ['an image file in /tmp', '[[image]]\npath = "/tmp/a"\nsource = "b"', 'KEEP_VALUE image[0].path'],
  [
    'an image file below the program',
    '[[image]]\npath = "/exec/a"\nsource = "b"',
    'KEEP_VALUE image[0].path',
  ],
  ['an empty source', '[[image]]\npath = "/a"\nsource = ""', 'KEEP_VALUE image[0].source'],
  [
    'an image path twice',
    '[[image]]\npath = "/a"\nsource = "b"\n[[image]]\npath = "/a"\nsource = "c"',
    'KEEP_DUPLICATE image[1].path',
  ],
  [
    'a port twice',
    ['tcp', 'tls']
      .map((protocol) => `[[listen]]\nname = "${protocol}"\naddress = "0.0.0.0:53"\nprotocol = "${protocol}"`)
      .join('\n'),
    'KEEP_DUPLICATE listen[1].address',
  ],
  ['files as a table', '[files]\npath = "/a"', 'KEEP_TYPE files'],
  [
    'an address without port',
    '[[listen]]\nname = "a"\naddress = "127.0.0.1"',
    'KEEP_VALUE listen[0].address',
  ],
  ['a port beyond 16 bits', '[[connect]]\nhost = "h"\nport = 65536', 'KEEP_VALUE connect[0].port'],
  ['sgx as a number', 'sgx = 2', 'KEEP_TYPE sgx'],
  ['a third SGX', '[sgx]\nversion = 3', 'KEEP_VALUE sgx.version'],
] as const) {
  test(`${name}: refused as ${expected}`, () => {
    assert.is(
      codeAndField(() => parseKeepToml(text)),
      expected,
    );
  });
}

function messageOf(text: string): string {
  try {
    parseKeepToml(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

for (const [name, text, expected] of [
  ['a plain key', '\n# a comment\nthreads = 0\n', /^threads: line 3: /],
  ['an array over many lines', 'args = [\n  "a",\n  3,\n]\n', /^args\[1\]: line 1: /],
  ['a key in a table', '[sgx]\n\ndebug = 1\n', /^sgx.debug: line 3: /],
  [
    'the second of two entries',
    '[[connect]]\nhost="a"\nport=1\n\n[[connect]]\nhost="a"\n',
    /^connect\[1\]: line 5: /,
  ],
  ['an unknown key with a near one', 'thread = 1', /did you mean threads\?/],
  ['an unknown key with none near', 'zzz = 1', /expected one of args, threads/],
  ['TOML itself', 'a = 1\nb = = 2\n', /^Keep.toml: line 2, column \d+: /],
] as const) {
  test(`the message for ${name} says where`, () => assert.match(messageOf(text), expected));
}

test('any text is a KeepConfig or a MotteError', () => {
  const only = (text: string): void => {
    try {
      parseKeepToml(text);
    } catch (error) {
      assert.instance(error, MotteError, `${String(error)} for ${JSON.stringify(text)}`);
    }
  };
  const pieces = fc.constantFrom(...EVERYTHING.split(/(?<=[\s=[\]{}",])/));
  const values = fc.dictionary(
    fc.constantFrom(
      'args',
      'threads',
      'memory',
      'stdin',
      'env',
      'files',
      'image',
      'listen',
      'connect',
      'sgx',
    ),
    fc.jsonValue({ maxDepth: 3 }),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => only(parts.join(''))),
    fuzzParameters(150),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), only), fuzzParameters(200));
  fc.assert(
    fc.property(fc.nat(EVERYTHING.length - 1), fc.string({ maxLength: 3 }), (at, text) =>
      only(EVERYTHING.slice(0, at) + text + EVERYTHING.slice(at + 1)),
    ),
    fuzzParameters(150),
  );
  fc.assert(
    fc.property(values, (value) => {
      let text: string;
      try {
        text = stringify(value);
      } catch {
        return; // TOML has no null
      }
      only(text);
    }),
    fuzzParameters(300),
  );
});

test('the JSON schema takes all that the parser takes, and refuses what is of another type', () => {
  const schema = keepSchema();
  assert.equal(schemaFaults(schema, parse(EVERYTHING)), []);
  for (const wrong of [
    'threads = "1"',
    'memroy = 1',
    '[sgx]\ndebug = 1',
    'files = [1]',
    '[env]\nA = 1',
    'stdin = "x"',
  ]) {
    assert.is.not(schemaFaults(schema, parse(wrong)).length, 0, wrong);
  }
  const text = fc.string({ maxLength: 5 });
  const value = fc.record(
    {
      args: fc.oneof(fc.constant('host'), fc.array(text, { maxLength: 2 })),
      threads: fc.integer({ min: 0, max: 280 }),
      memory: fc.oneof(fc.constantFrom('1MiB', '64 KiB', '3GiB', '1TiB'), fc.constant(1 << 21)),
      stdin: fc.constantFrom('inherit', 'null', 'inherit', 'none'),
      env: fc.dictionary(text, fc.oneof(text, fc.record({ default: text, measured: fc.constant(false) }))),
      connect: fc.array(fc.record({ host: fc.stringMatching(/^[a-z.]{1,9}$/), port: fc.nat(70000) }), {
        maxLength: 2,
      }),
      sgx: fc.record({ version: fc.nat(3), debug: fc.boolean() }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  );
  let taken = 0;
  fc.assert(
    fc.property(value, (one) => {
      const toml = stringify(one);
      if (codeAndField(() => parseKeepToml(toml)) !== 'accepted') return;
      taken++;
      assert.equal(schemaFaults(schema, parse(toml)), [], toml);
    }),
    fuzzParameters(300),
  );
  assert.ok(taken > 20, `only ${taken} were taken`);
});

test('deep nesting and long texts end soon', () => {
  for (const text of [
    `a = ${'['.repeat(1e5)}`,
    `a${'.a'.repeat(1e5)} = 1`,
    '[a]\n'.repeat(1e5),
    '"'.repeat(3e5),
  ]) {
    const started = Date.now();
    assert.match(
      codeAndField(() => parseKeepToml(text)),
      /^(KEEP_|CONFIG_TOO_LARGE)/,
    );
    assert.ok(Date.now() - started < 5000, `${text.slice(0, 10)} took ${Date.now() - started} ms`);
  }
});

test.run();
