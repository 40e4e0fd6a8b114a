/** The text laid out anew: comments and blank lines between parts stay. Throws where the text is not YAML. */
export async function formatWorkflow(text: string): Promise<string> {
  // Loaded when it is first used: nobody waits for a formatter when the editor starts.
  const [prettier, yaml] = await Promise.all([
    import('prettier/standalone'),
    import('prettier/plugins/yaml'),
  ]);
  return prettier.format(text, {
    parser: 'yaml',
    plugins: [yaml],
    printWidth: 110,
    bracketSpacing: false,
    proseWrap: 'preserve',
  });
}
