// Files that the build makes or copies: an import gives the address beside the script.
declare module "generated:*" {
  const url: string;
  export default url;
}
declare module "package-file:*" {
  const url: string;
  export default url;
}
declare module "*.css";
declare module "@fontsource-variable/inter";
